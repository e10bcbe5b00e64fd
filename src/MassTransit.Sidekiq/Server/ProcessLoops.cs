namespace MassTransit.Sidekiq;

// The background loops of one process: started once each, and stopped together. A new loop is one entry where SidekiqProcess
// makes this.
internal sealed class ProcessLoops
{
    readonly Lock gate = new();
    readonly HashSet<BackgroundLoop> running = [];
    bool isStopped;

    public void Start(params IReadOnlyList<BackgroundLoop> loops)
    {
        lock (gate)
        {
            foreach (var loop in loops)
            {
                if (!isStopped && running.Add(loop))
                {
                    loop.Start();
                }
            }
        }
    }

    // Whether any had been started.
    public async Task<bool> Stop()
    {
        BackgroundLoop[] started;
        lock (gate)
        {
            isStopped = true;
            started = [.. running];
        }

        await Task.WhenAll(started.Select(loop => loop.DisposeAsync().AsTask())).ConfigureAwait(false);
        return started.Length > 0;
    }
}
