using System.Diagnostics.CodeAnalysis;
using MassTransit.Context;

namespace MassTransit.Sidekiq;

/// <summary>
/// One attempt at a job.
/// 1. Holds the faults that its consumers report until it is known whether this is the last attempt.
/// 2. Redelivers the job by moving it, where MassTransit would send a copy.
/// </summary>
internal class JobAttemptContext : ConsumeContextProxy
{
    // Shared by all attempts: it is held only while a failed one reports its fault.
    static readonly Lock gate = new();

    List<Func<bool, Task>>? faults;
    bool? isPublished;

    protected JobAttemptContext(ConsumeContext context)
        : base(context) { }

    public JobSettlement? Settlement => TryGetPayload<JobSettlement>(out var settlement) ? settlement : null;

    public static JobAttemptContext Of(ConsumeContext context) =>
        context.SerializerContext is SidekiqSerializerContext || context.TryGetJob()?.Metadata is null
            ? new JobAttemptContext(context)
            : new EnvelopeAttemptContext(context);

    public override bool TryGetPayload<T>([NotNullWhen(true)] out T? payload)
        where T : class
    {
        if (!base.TryGetPayload<T>(out payload) && typeof(T) == typeof(MessageRedeliveryContext))
        {
            payload = Settlement is null ? null : (T)Redelivery(RedeliveryOptions.None);
        }

        return payload is not null;
    }

    // `UseDelayedRedelivery` and `UseScheduledRedelivery` add their own redelivery, which would send a copy.
    public override T GetOrAddPayload<T>(PayloadFactory<T> payloadFactory) =>
        typeof(T) == typeof(MessageRedeliveryContext) && Settlement is not null
            ? (T)Redelivery(JobRedelivery.OptionsOf((MessageRedeliveryContext)payloadFactory()))
            : base.GetOrAddPayload(payloadFactory);

    public override Task NotifyFaulted<T>(
        ConsumeContext<T> context,
        TimeSpan duration,
        string consumerType,
        Exception exception
    )
    {
        Task Report(bool publish) => ReportFault(context, duration, consumerType, exception, publish);

        // Several consumers of one message may fail concurrently, and one may report the failure of a task it never awaited.
        bool publishNow;
        lock (gate)
        {
            if (isPublished is not { } published)
            {
                (faults ??= []).Add(Report);
                return Task.CompletedTask;
            }

            publishNow = published;
        }

        return Report(publishNow);
    }

    // The attempt succeeded, whatever was reported: the job is not retried, so its faults are published unless it was settled
    // (redelivered) meanwhile.
    public Task ReleaseFaults() => ReportFaults(publish: faults is null || Settlement is not { IsSettled: true });

    // Observers are notified of every fault; `publish` also publishes each as a fault message.
    public Task ReportFaults(bool publish)
    {
        List<Func<bool, Task>>? kept;
        lock (gate)
        {
            (isPublished, kept, faults) = (publish, faults, null);
        }

        return kept is null ? Task.CompletedTask : ReportEach(kept, publish);
    }

    static async Task ReportEach(List<Func<bool, Task>> faults, bool publish)
    {
        foreach (var report in faults)
        {
            await report(publish).ConfigureAwait(false);
        }
    }

    // A fault message contains the exception's `Data`, which may not be serializable: then only its strings are published. A
    // fault that cannot be published at all prevents neither the observers' notification nor the job's settlement.
    async Task ReportFault<T>(
        ConsumeContext<T> context,
        TimeSpan duration,
        string consumerType,
        Exception exception,
        bool publish
    )
        where T : class
    {
        var fault = ReadableException.For(exception);
        if (publish)
        {
            foreach (var form in new[] { fault, ReadableException.TextsOf(fault) })
            {
                try
                {
                    await base.NotifyFaulted(context, duration, consumerType, form).ConfigureAwait(false);
                    return;
                }
                catch (Exception refusal) when (refusal is not (OperationCanceledException or ConnectionException))
                {
                    LogContext.Error?.Log(
                        ReadableException.For(refusal),
                        "The fault of message {MessageId} could not be published",
                        context.MessageId
                    );
                }
            }
        }

        await ReceiveContext.NotifyFaulted(context, duration, consumerType, fault).ConfigureAwait(false);
    }

    // Stored as a payload, so that the first caller determines its options, as in MassTransit.
    object Redelivery(RedeliveryOptions options) =>
        base.GetOrAddPayload<MessageRedeliveryContext>(() => new JobRedelivery(this, options));
}

// The same for a message with an envelope in its body. The job's fields take precedence: a move (redelivery, error queue,
// skipped queue) writes to the job, and cannot open a body that may be encrypted.
internal sealed class EnvelopeAttemptContext : JobAttemptContext
{
    readonly JobMessageContext job;
    readonly Headers headers;

    public EnvelopeAttemptContext(ConsumeContext context)
        : base(context)
    {
        var received = context.ReceiveContext;
        job = new JobMessageContext(received.TransportHeaders, received.InputAddress, RawSerializerOptions.CopyHeaders);
        headers = new EnvelopeHeaders(received.TransportHeaders, context.Headers);
    }

    public override Guid? MessageId => job.MessageId ?? base.MessageId;

    public override Guid? RequestId => job.RequestId ?? base.RequestId;

    public override Guid? CorrelationId => job.CorrelationId ?? base.CorrelationId;

    public override Guid? ConversationId => job.ConversationId ?? base.ConversationId;

    public override Guid? InitiatorId => job.InitiatorId ?? base.InitiatorId;

    public override DateTime? ExpirationTime => ((MessageContext)job).ExpirationTime ?? base.ExpirationTime;

    public override Uri ResponseAddress => job.ResponseAddress ?? base.ResponseAddress;

    public override Uri FaultAddress => job.FaultAddress ?? base.FaultAddress;

    public override Headers Headers => headers;
}
