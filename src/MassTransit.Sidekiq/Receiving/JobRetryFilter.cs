using MassTransit.Configuration;

namespace MassTransit.Sidekiq;

/// Sidekiq's retry, around everything that consumes: MassTransit's own retries, redelivery, outboxes and circuit breakers
/// stand inside and see each failure first, and so do the observers that a kill switch counts by.
/// 1. Faults that consumers report are kept back.
/// 2. A failed job that has a retry left goes to the retry set, and nobody else hears of it but observers.
/// 3. At its last failure the faults are published, and MassTransit's error pipe buries the job. In that order: a kill
///    between the two publishes a fault twice and never loses it.
/// A job that was cancelled because its endpoint stops has not failed.
internal sealed class JobRetryFilter : IFilter<ConsumeContext>
{
    public async Task Send(ConsumeContext context, IPipe<ConsumeContext> next)
    {
        var attempt = new JobAttemptContext(context);
        try
        {
            await next.Send(attempt).ConfigureAwait(false);
        }
        catch (Exception fault) when (IsCancelled(context, fault))
        {
            await attempt.ReportFaults(publish: false).ConfigureAwait(false);
            throw new OperationCanceledException(fault.Message, fault, context.CancellationToken);
        }
        catch (Exception fault)
        {
            var isRetried =
                context.TryGetPayload<JobSettlement>(out var settlement)
                && await settlement.TryRetry(fault).ConfigureAwait(false);
            await attempt.ReportFaults(publish: !isRetried).ConfigureAwait(false);
            if (!isRetried)
            {
                throw;
            }

            // Nobody reported it, as when a circuit is open: a job that is not faulted would be taken for unconsumed.
            if (!context.ReceiveContext.IsFaulted)
            {
                await context.ReceiveContext.NotifyFaulted(fault).ConfigureAwait(false);
            }
        }
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("sidekiqRetry");

    static bool IsCancelled(ConsumeContext context, Exception fault)
    {
        if (!context.CancellationToken.IsCancellationRequested)
        {
            return false;
        }

        for (var cause = fault; cause is not null; cause = cause.InnerException)
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
