namespace MassTransit.Sidekiq;

// What the server knows of a client.
internal sealed class ClientState(long id)
{
    TaskCompletionSource? wait;

    public long Id => id;

    public string Name { get; set; } = "";

    public int Database { get; set; }

    // Completes when another client unblocks this one.
    public Task BeginWait()
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref wait, begun);
        return begun.Task;
    }

    public void EndWait() => Volatile.Write(ref wait, null);

    public bool Unblock() => Volatile.Read(ref wait)?.TrySetResult() ?? false;

    public string Describe() =>
        $"id={id} addr=127.0.0.1:0 name={Name} db={Database} flags={(Volatile.Read(ref wait) is null ? "N" : "b")} user=default";
}
