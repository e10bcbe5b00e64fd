using MassTransit.Transports;

namespace MassTransit.Sidekiq;

// Something that runs as long as one bus. Observers are notified of every bus of a container; this one reacts to its own,
// unless a test has replaced that by an in-memory bus, which has nothing to drain to.
internal abstract class BusLifetime(Func<IBusInstance> instance) : IBusObserver, IAsyncDisposable
{
    IBus? running;

    public Task PostStart(IBus bus, Task<BusReady> busReady)
    {
        var started = instance();
        var isOurs = ReferenceEquals(bus, started.BusControl) && BusRuntime.Find(started) is not null;
        if (isOurs && running is null)
        {
            running = bus;
            Start(started);
        }

        return Task.CompletedTask;
    }

    public async Task PreStop(IBus bus)
    {
        // The container may already be disposed: nothing is resolved from it.
        if (ReferenceEquals(bus, running))
        {
            await DisposeAsync().ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (running is not null)
        {
            running = null;
            await Stop().ConfigureAwait(false);
        }
    }

    // Logged under the name of this package, not of the bus.
    protected static void Run(IBusInstance bus, params IReadOnlyList<BackgroundLoop> loops)
    {
        var before = LogContext.Current;
        LogContext.Current = (bus.HostConfiguration.LogContext ?? before)?.CreateLogContext(OutboxLogMessages.Category);
        foreach (var loop in loops)
        {
            loop.Start();
        }

        LogContext.Current = before;
    }

    protected abstract void Start(IBusInstance bus);

    protected abstract Task Stop();

    void IBusObserver.PostCreate(IBus bus) { }

    void IBusObserver.CreateFaulted(Exception exception) { }

    Task IBusObserver.PreStart(IBus bus) => Task.CompletedTask;

    Task IBusObserver.StartFaulted(IBus bus, Exception exception) => Task.CompletedTask;

    Task IBusObserver.PostStop(IBus bus) => Task.CompletedTask;

    Task IBusObserver.StopFaulted(IBus bus, Exception exception) => Task.CompletedTask;
}
