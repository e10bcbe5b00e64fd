namespace MassTransit.Sidekiq;

// What a consumer sends takes over what Ruby's middleware stored in the job that it consumes.
internal sealed class JobContextFilter<TContext>(SidekiqPassOn what) : IFilter<TContext>
    where TContext : class, SendContext
{
    public Task Send(TContext context, IPipe<TContext> next)
    {
        if (
            context.TryGetPayload<SidekiqSendContext>(out var sent)
            && context.TryGetPayload<ConsumeContext>(out var consumed)
            && consumed.TryGetJob() is { } job
        )
        {
            sent.Inherited = Of(job);
        }

        return next.Send(context);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("jobContext").Add("passOn", what.ToString());

    JobOptions? Of(SidekiqJob job)
    {
        var tags = what.HasFlag(SidekiqPassOn.Tags) ? job.Tags : [];
        Dictionary<string, object?>? other = null;
        foreach (var (key, value) in JobJson.Members(job.Json).Where(member => IsPassedOn(member.Key)))
        {
            (other ??= new Dictionary<string, object?>(StringComparer.Ordinal))[key] = value;
        }

        return other is null && tags.Count == 0
            ? null
            : new JobOptions { Other = other, Tags = tags.Count > 0 ? tags : null };
    }

    bool IsPassedOn(string key) =>
        (key == "locale" && what.HasFlag(SidekiqPassOn.Locale))
        || (what.HasFlag(SidekiqPassOn.CurrentAttributes) && CurrentAttributes.IsKey(key));
}
