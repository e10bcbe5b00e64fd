namespace MassTransit.Sidekiq;

// Notifies the observers of the bus (publish, send, audit, a test harness) of messages that go through the outbox, as the
// transport does for all others. One that throws changes nothing: the message is part of the caller's transaction by then.
internal static class SendObservation
{
    public static async Task Observe<T, TDbContext>(
        this SendContext<T> message,
        Func<SendContext<T>, Task> send,
        OutboxLog<TDbContext> log
    )
        where T : class
    {
        if (message is not JobSendContext<T> { Observers: { Count: > 0 } observers })
        {
            await send(message).ConfigureAwait(false);
            return;
        }

        message.GetOrAddPayload(() => ThroughOutbox.Mark);
        await Tell(() => observers.PreSend(message), log).ConfigureAwait(false);
        try
        {
            await send(message).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            await Tell(() => observers.SendFault(message, fault), log).ConfigureAwait(false);
            throw;
        }

        await Tell(() => observers.PostSend(message), log).ConfigureAwait(false);
    }

    static async Task Tell<TDbContext>(Func<Task> tell, OutboxLog<TDbContext> log)
    {
        try
        {
            await tell().ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            log.ObserverFailed(fault);
        }
    }
}

// Marks a message that goes through the outbox.
internal sealed class ThroughOutbox
{
    public static readonly ThroughOutbox Mark = new();
}
