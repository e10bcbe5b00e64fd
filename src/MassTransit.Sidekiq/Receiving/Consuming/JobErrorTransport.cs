using MassTransit.Transports;

namespace MassTransit.Sidekiq;

// MassTransit's error and dead-letter transport: passes failed and unconsumed jobs to their own settlement.
internal sealed class JobErrorTransport : IErrorTransport, IDeadLetterTransport
{
    public static readonly JobErrorTransport Instance = new();

    public async Task Send(ExceptionReceiveContext context)
    {
        await Settlement(context).Fail(context).ConfigureAwait(false);

        // No fault was published for a job that could not be read and is retried; observers are still notified.
        await context.GetPayload<JobReceiveContext>().NotifyOfFault(context.Exception).ConfigureAwait(false);
    }

    public Task Send(ReceiveContext context, string? reason) => Settlement(context).Skip(reason);

    static JobSettlement Settlement(PipeContext context) => context.GetPayload<JobSettlement>();
}
