using MassTransit.Transports;

namespace MassTransit.Sidekiq;

/// Where MassTransit sends what failed and what nobody consumes: to the job's own settlement.
internal sealed class JobErrorTransport : IErrorTransport, IDeadLetterTransport
{
    public static readonly JobErrorTransport Instance = new();

    public Task Send(ExceptionReceiveContext context) => Settlement(context).Fail(context.Exception);

    public Task Send(ReceiveContext context, string? reason) => Settlement(context).Skip();

    static JobSettlement Settlement(PipeContext context) => context.GetPayload<JobSettlement>();
}
