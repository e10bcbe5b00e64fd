using MassTransit.Configuration;

namespace MassTransit.Sidekiq;

/// <summary>
/// Sidekiq's retry, the outermost filter around consumers: MassTransit's own retries, redelivery, outboxes and circuit breakers
/// are inside it and see each failure first, and so do the observers that a kill switch counts by.
/// 1. Faults that consumers report are held.
/// 2. A failed job that has a retry left goes to the retry set, and only observers are notified.
/// 3. At its last failure the faults are published, and MassTransit's error pipe buries the job. In that order: if the process
///    is killed between the two, a fault is published twice, but never lost.
/// 4. An attempt that succeeds although a fault was reported (a filter handled the exception, or the consumer reported one and
///    returned) is not retried: its faults are published at its end.
/// A job that was cancelled, because its endpoint stops or on request, has not failed.
/// </summary>
internal sealed class JobRetryFilter : IFilter<ConsumeContext>
{
    const int MostCauses = 100;

    public async Task Send(ConsumeContext context, IPipe<ConsumeContext> next)
    {
        var attempt = JobAttemptContext.Of(context);
        try
        {
            await next.Send(attempt).ConfigureAwait(false);
        }
        catch (Exception thrown)
        {
            if (await IsOver(context, attempt, thrown).ConfigureAwait(false))
            {
                throw;
            }

            return;
        }

        await attempt.ReleaseFaults().ConfigureAwait(false);
    }

    // Whether the failure was the last, and is to be thrown to the error pipe.
    static async Task<bool> IsOver(ConsumeContext context, JobAttemptContext attempt, Exception thrown)
    {
        var fault = ReadableException.For(thrown);
        if (IsCancelled(context, thrown))
        {
            await attempt.ReportFaults(publish: false).ConfigureAwait(false);
            throw new OperationCanceledException(fault.Message, fault, context.CancellationToken);
        }

        var isRetried = attempt.Settlement is { } settlement && await settlement.TryRetry(thrown).ConfigureAwait(false);
        await attempt.ReportFaults(publish: !isRetried).ConfigureAwait(false);
        if (!isRetried)
        {
            return ReferenceEquals(fault, thrown) ? true : throw fault;
        }

        // No consumer reported it, such as with an open circuit breaker: a job that is not faulted would count as not consumed.
        if (!context.ReceiveContext.IsFaulted)
        {
            await context.ReceiveContext.NotifyFaulted(fault).ConfigureAwait(false);
        }

        return false;
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("sidekiqRetry");

    static bool IsCancelled(ConsumeContext context, Exception fault)
    {
        if (!context.CancellationToken.IsCancellationRequested)
        {
            return false;
        }

        if (context.TryGetPayload<JobSettlement>(out var settlement) && settlement.IsCancelled)
        {
            return true;
        }

        var left = MostCauses;
        for (var cause = fault; cause is not null && left-- > 0; cause = cause.InnerException)
        {
            if (cause is OperationCanceledException)
            {
                return true;
            }
        }

        return false;
    }
}

internal sealed class JobRetrySpecification : IPipeSpecification<ConsumeContext>
{
    public void Apply(IPipeBuilder<ConsumeContext> builder) => builder.AddFilter(new JobRetryFilter());

    public IEnumerable<ValidationResult> Validate() => [];
}
