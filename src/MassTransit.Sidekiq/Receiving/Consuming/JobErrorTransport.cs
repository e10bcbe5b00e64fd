using MassTransit.Transports;

namespace MassTransit.Sidekiq;

// Where MassTransit sends what failed and what nobody consumes: to the job's own settlement.
internal sealed class JobErrorTransport : IErrorTransport, IDeadLetterTransport
{
    public static readonly JobErrorTransport Instance = new();

    public async Task Send(ExceptionReceiveContext context)
    {
        await Settlement(context).Fail(context).ConfigureAwait(false);

        // No fault was published for a job that could not be read and is tried again; observers still hear of it.
        await context.GetPayload<JobReceiveContext>().NotifyOfFault(context.Exception).ConfigureAwait(false);
    }

    public Task Send(ReceiveContext context, string? reason) => Settlement(context).Skip(reason);

    static JobSettlement Settlement(PipeContext context) => context.GetPayload<JobSettlement>();
}
