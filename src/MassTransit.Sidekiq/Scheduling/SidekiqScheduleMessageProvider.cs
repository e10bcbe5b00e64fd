using MassTransit.Scheduling;

namespace MassTransit.Sidekiq;

// Schedules messages in Sidekiq's `schedule` set, where the Web UI shows them, and removes those that are cancelled in time.
internal sealed class SidekiqScheduleMessageProvider(ISendEndpointProvider sender, BusRuntime runtime)
    : IScheduleMessageProvider
{
    public async Task<ScheduledMessage<T>> ScheduleSend<T>(
        Uri destinationAddress,
        DateTime scheduledTime,
        T message,
        IPipe<SendContext<T>> pipe,
        CancellationToken cancellationToken
    )
        where T : class
    {
        var scheduled = new ScheduleSendPipe<T>(pipe, scheduledTime)
        {
            ScheduledMessageId = ScheduleTokenIdCache<T>.GetTokenId(message, NewId.NextGuid()),
        };

        var endpoint = await sender.GetSendEndpoint(destinationAddress).ConfigureAwait(false);
        await endpoint.Send(message, scheduled, cancellationToken).ConfigureAwait(false);

        return new ScheduledMessageHandle<T>(
            scheduled.ScheduledMessageId ?? NewId.NextGuid(),
            scheduledTime,
            destinationAddress,
            message
        );
    }

    public Task CancelScheduledSend(Guid tokenId, CancellationToken cancellationToken) => Cancel(tokenId);

    public Task CancelScheduledSend(Uri destinationAddress, Guid tokenId, CancellationToken cancellationToken) =>
        Cancel(tokenId);

    async Task Cancel(Guid token)
    {
        if (!await runtime.Process.Stores.Jobs.CancelScheduled(token).ConfigureAwait(false))
        {
            runtime.Process.Redis.Logger.TooLateToCancel(token);
        }
    }
}
