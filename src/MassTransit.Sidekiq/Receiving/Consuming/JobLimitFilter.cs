using MassTransit.Configuration;

namespace MassTransit.Sidekiq;

/// <summary>
/// Lets a job start when all its limits have room. It is inside Sidekiq's retry and outside of everything else, and only on an endpoint
/// with limits.
/// 1. A denied job is moved to the scheduled set: it has not failed, and nothing behind this filter sees it.
/// 2. One that was denied too often fails like any other.
/// 3. Slots are held until the consumers have returned, in-process retries included.
/// </summary>
internal sealed class JobLimitFilter : IFilter<ConsumeContext>
{
    public Task Send(ConsumeContext context, IPipe<ConsumeContext> next) =>
        context.TryGetPayload<JobSettlement>(out var settlement) ? Send(context, settlement, next) : next.Send(context);

    public void Probe(ProbeContext context) => context.CreateFilterScope("sidekiqLimit");

    static async Task Send(ConsumeContext context, JobSettlement settlement, IPipe<ConsumeContext> next)
    {
        var (uses, most) = settlement.Limits.Of(context);
        var answer = uses.Count == 0 ? null : await settlement.Ask(uses).ConfigureAwait(false);
        if (answer?.Due is not null)
        {
            await Deny(settlement, answer, most).ConfigureAwait(false);
            return;
        }

        try
        {
            await settlement.Start().ConfigureAwait(false);
            await next.Send(context).ConfigureAwait(false);
        }
        finally
        {
            if (answer?.Uses.Count > 0)
            {
                await settlement.Free(answer).ConfigureAwait(false);
            }
        }
    }

    static Task Deny(JobSettlement settlement, LimitAnswer denial, int most) =>
        settlement.Denials >= most
            ? throw new SidekiqLimitException([.. denial.Uses.Select(use => use.ToString())], settlement.Denials + 1)
            : settlement.PutOff(denial);
}

internal sealed class JobLimitSpecification : IPipeSpecification<ConsumeContext>
{
    public void Apply(IPipeBuilder<ConsumeContext> builder) => builder.AddFilter(new JobLimitFilter());

    public IEnumerable<ValidationResult> Validate() => [];
}
