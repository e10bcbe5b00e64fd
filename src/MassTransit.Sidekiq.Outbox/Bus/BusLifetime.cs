using MassTransit.Transports;

namespace MassTransit.Sidekiq;

// Something that runs as long as one bus does. Observers hear of every bus of a container; this one answers to its own,
// unless a test has put one in memory in its place, which has nothing to drain to.
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
        // The container may be gone by now: nothing is asked of it.
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

    // Under the name of this package in the log, and not of the bus.
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
