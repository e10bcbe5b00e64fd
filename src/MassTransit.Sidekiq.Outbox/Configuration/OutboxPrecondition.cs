using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq;

// Refuses to start a bus that cannot work. Observers are notified of every bus of a container; this one reacts to its own.
internal sealed class OutboxPrecondition<TDbContext>(
    OutboxBus<TDbContext> outboxBus,
    OutboxDatabase<TDbContext> database
) : IBusObserver
    where TDbContext : DbContext
{
    public Task PreStart(IBus bus)
    {
        if (ReferenceEquals(bus, outboxBus.Instance.BusControl))
        {
            outboxBus.Check();
            database.CheckModel();
        }

        return Task.CompletedTask;
    }

    void IBusObserver.PostCreate(IBus bus) { }

    void IBusObserver.CreateFaulted(Exception exception) { }

    Task IBusObserver.PostStart(IBus bus, Task<BusReady> busReady) => Task.CompletedTask;

    Task IBusObserver.StartFaulted(IBus bus, Exception exception) => Task.CompletedTask;

    Task IBusObserver.PreStop(IBus bus) => Task.CompletedTask;

    Task IBusObserver.PostStop(IBus bus) => Task.CompletedTask;

    Task IBusObserver.StopFaulted(IBus bus, Exception exception) => Task.CompletedTask;
}
