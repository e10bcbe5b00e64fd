namespace MassTransit.Sidekiq;

// Declares the application's periodic jobs when its bus has started. A bus that only sends and declares none sends no command,
// and one without Redis runs none.
internal sealed class PeriodicObserver(BusRuntime runtime, PeriodicDeclarations declarations) : IBusObserver
{
    public Task PostStart(IBus bus, Task<BusReady> busReady)
    {
        if (!runtime.Host.DeployTopologyOnly && runtime.Settings.Absence is null)
        {
            var process = runtime.Process;
            process.RunPeriodic(
                ifMissing => declarations.Declare(bus, process.Stores.Periodic, ifMissing),
                mustRun: declarations.Any
            );
        }

        return Task.CompletedTask;
    }

    public void PostCreate(IBus bus) { }

    public void CreateFaulted(Exception exception) { }

    public Task PreStart(IBus bus) => Task.CompletedTask;

    public Task StartFaulted(IBus bus, Exception exception) => Task.CompletedTask;

    public Task PreStop(IBus bus) => Task.CompletedTask;

    public Task PostStop(IBus bus) => Task.CompletedTask;

    public Task StopFaulted(IBus bus, Exception exception) => Task.CompletedTask;
}
