namespace MassTransit.Sidekiq;

// Runs one cycle after another until it is stopped. A cycle returns the delay until the next, which may be up to a second
// shorter, or ten milliseconds longer, so that loops wake together (Ticks); one that throws is retried with
// exponential backoff, and logged when the failure begins and when it ends, not once per cycle.
internal sealed class BackgroundLoop(string name, Func<CancellationToken, Task<TimeSpan>> cycle, TimeProvider clock)
    : IAsyncDisposable
{
    // A cycle that still waits for an unresponsive Redis after this time is abandoned.
    static readonly TimeSpan longestStop = TimeSpan.FromSeconds(1);

    readonly CancellationTokenSource stopping = new();
    readonly WakeUp wake = new();
    Task running = Task.CompletedTask;
    long turnedAt;

    // How long ago it last began a cycle; nothing before the first.
    public TimeSpan SinceTurn =>
        Volatile.Read(ref turnedAt) is var turned && turned == 0 ? TimeSpan.Zero : clock.GetElapsedTime(turned);

    public void Start() => running = Task.Run(Run);

    // Ends the current wait at once.
    public void Wake() => wake.Set();

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAny(running, Task.Delay(longestStop, TimeProvider.System)).ConfigureAwait(false);
    }

    async Task Run()
    {
        var backOff = new BackOff();
        var failing = false;

        while (!stopping.IsCancellationRequested)
        {
            TimeSpan pause;
            Volatile.Write(ref turnedAt, clock.GetTimestamp());
            try
            {
                pause = Ticks.Within(await cycle(stopping.Token).ConfigureAwait(false), clock);
                if (failing)
                {
                    LogContext.Info?.Log("{Loop} works again", name);
                }

                (failing, backOff) = (false, new BackOff());
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                // The connection logs a Redis outage, once for all loops.
                var isOutage = fault is ConnectionException { IsTransient: true };
                if (!failing && !isOutage)
                {
                    LogContext.Warning?.Log(fault, "{Loop} failed and is retried until it works", name);
                }

                (failing, pause) = (failing || !isOutage, backOff.Next());
            }

            await wake.Wait(pause, clock, stopping.Token).ConfigureAwait(false);
        }
    }
}
