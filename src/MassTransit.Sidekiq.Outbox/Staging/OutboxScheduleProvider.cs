using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq;

// Schedules and cancels in the transaction: a cancellation is staged like a message, and is sent after what it cancels.
// Without a stage, in a consumer without an inbox, it is cancelled at once, as it was sent.
internal sealed class OutboxScheduleProvider<TDbContext>(
    SidekiqScheduleMessageProvider transport,
    Func<OutboxStage<TDbContext>?> findStage
) : IScheduleMessageProvider
    where TDbContext : DbContext
{
    public Task<ScheduledMessage<T>> ScheduleSend<T>(
        Uri destinationAddress,
        DateTime scheduledTime,
        T message,
        IPipe<SendContext<T>> pipe,
        CancellationToken cancellationToken
    )
        where T : class => transport.ScheduleSend(destinationAddress, scheduledTime, message, pipe, cancellationToken);

    public Task CancelScheduledSend(Guid tokenId, CancellationToken cancellationToken)
    {
        if (findStage() is not { } stage)
        {
            return transport.CancelScheduledSend(tokenId, cancellationToken);
        }

        stage.AddCancellation(tokenId);
        return Task.CompletedTask;
    }

    public Task CancelScheduledSend(Uri destinationAddress, Guid tokenId, CancellationToken cancellationToken) =>
        CancelScheduledSend(tokenId, cancellationToken);
}
