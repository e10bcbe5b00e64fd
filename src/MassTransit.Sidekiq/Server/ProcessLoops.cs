namespace MassTransit.Sidekiq;

// The background loops of one process: each started once, all stopped together. A new loop is one entry in SidekiqProcess.
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

    // Returns whether any had been started.
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
