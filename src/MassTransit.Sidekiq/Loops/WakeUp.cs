namespace MassTransit.Sidekiq;

// A signal for a single waiting loop: wakes it at once, or at its next wait.
internal sealed class WakeUp
{
    TaskCompletionSource set = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Set() => Volatile.Read(ref set).TrySetResult();

    // Completes at the next `Set`, or at once if there was one since the last wait.
    public Task Wait()
    {
        var current = Volatile.Read(ref set);
        if (current.Task.IsCompleted)
        {
            Volatile.Write(ref set, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        return current.Task;
    }

    // Waits for the signal, the time or the token, whichever comes first, and does not throw for any of them.
    public async Task Wait(TimeSpan time, TimeProvider clock, CancellationToken cancellationToken)
    {
        var signalled = Wait();
        if (signalled.IsCompleted || cancellationToken.IsCancellationRequested)
        {
            return;
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(signalled, Task.Delay(time, clock, ended.Token)).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
    }
}
