using System.Reflection;

namespace MassTransit.Sidekiq;

// Delivers a job again later by moving it: one step in Redis, and everything that was not changed stays byte for byte the same.
// MassTransit's own redelivery sends a copy and acknowledges the original; the changes that it makes to the message (by its
// options and the caller's callback) are written into the job.
internal sealed class JobRedelivery(JobAttemptContext context, RedeliveryOptions options) : MessageRedeliveryContext
{
    // The options of `UseDelayedRedelivery`. MassTransit keeps them private, and does not pass them to a transport.
    public static RedeliveryOptions OptionsOf(MessageRedeliveryContext redelivery) =>
        redelivery.GetType().GetField("_options", BindingFlags.Instance | BindingFlags.NonPublic)?.GetValue(redelivery)
            is RedeliveryOptions options
            ? options
            : RedeliveryOptions.None;

    public Task ScheduleRedelivery(TimeSpan delay, Action<ConsumeContext, SendContext>? callback = null)
    {
        var job = context.GetJob();
        var sent = new JobSendContext<SidekiqJob>(job, context.CancellationToken)
        {
            Delay = delay,
            MessageId = context.MessageId,
            RequestId = context.RequestId,
            CorrelationId = context.CorrelationId,
            ConversationId = context.ConversationId,
            InitiatorId = context.InitiatorId,
            SourceAddress = context.SourceAddress,
            DestinationAddress = context.ReceiveContext.InputAddress,
            ResponseAddress = context.ResponseAddress,
            FaultAddress = context.FaultAddress,
        };
        foreach (var (key, value) in job.Metadata?.Headers ?? new Dictionary<string, object?>(StringComparer.Ordinal))
        {
            sent.Headers.Set(key, value);
        }

        sent.ApplyRedeliveryOptions(context, options);
        callback?.Invoke(context, sent);

        return context.Settlement!.Redeliver(now => Moved(job, sent, now), sent.Delay ?? TimeSpan.Zero);
    }

    ReadOnlyMemory<byte> Moved(SidekiqJob job, JobSendContext<SidekiqJob> sent, DateTimeOffset now)
    {
        var metadata = job.Metadata?.Copy() ?? new JobMetadata();
        var edit = new JobEdit().Remove("enqueued_at").To(job, job.Queue);
        if (sent.MessageId is { } id && id != context.MessageId)
        {
            metadata.MessageId = id;
            edit.Set("jid", JobId.From(id));
        }

        metadata.RequestId = Changed(sent.RequestId, context.RequestId, metadata.RequestId);
        metadata.CorrelationId = Changed(sent.CorrelationId, context.CorrelationId, metadata.CorrelationId);
        metadata.ConversationId = Changed(sent.ConversationId, context.ConversationId, metadata.ConversationId);
        metadata.InitiatorId = Changed(sent.InitiatorId, context.InitiatorId, metadata.InitiatorId);
        metadata.SourceAddress = Changed(sent.SourceAddress, context.SourceAddress, metadata.SourceAddress);
        metadata.ResponseAddress = Changed(sent.ResponseAddress, context.ResponseAddress, metadata.ResponseAddress);
        metadata.FaultAddress = Changed(sent.FaultAddress, context.FaultAddress, metadata.FaultAddress);
        metadata.ExpiresAt = sent.TimeToLive is { } life
            ? now + (sent.Delay ?? TimeSpan.Zero) + life
            : metadata.ExpiresAt;
        metadata.Headers = sent
            .Headers.GetAll()
            .ToDictionary(header => header.Key, object? (header) => header.Value, StringComparer.OrdinalIgnoreCase);

        using var text = JobText.Rent();
        metadata.Write(text);
        edit.SetRaw(JobFields.Metadata, text.Written);

        return JobJson.Edit(JobJson.Edit(job.Json, sent.Options.ToEdit()), edit);
    }

    static Guid? Changed(Guid? sent, Guid? received, Guid? written) => sent == received ? written : sent;

    static string? Changed(Uri? sent, Uri? received, string? written) =>
        sent == received ? written : JobAddress.Relative(sent);
}
