namespace MassTransit.Sidekiq;

internal sealed class BatchConfigurator : ISidekiqBatchConfigurator
{
    readonly List<Func<IBus, CancellationToken, Task<BatchCallback>>> callbacks = [];

    public string? Id { get; set; }

    public string? Description { get; set; }

    public string? ParentId { get; set; }

    public void OnComplete<T>(Uri address, T message)
        where T : class => Add("complete", address, message);

    public void OnSuccess<T>(Uri address, T message)
        where T : class => Add("success", address, message);

    public void OnDeath<T>(Uri address, T message)
        where T : class => Add("death", address, message);

    public async Task<IReadOnlyList<BatchCallback>> Callbacks(IBus bus, CancellationToken cancellationToken)
    {
        var written = new List<BatchCallback>();
        foreach (var callback in callbacks)
        {
            written.Add(await callback(bus, cancellationToken).ConfigureAwait(false));
        }

        return written;
    }

    void Add<T>(string name, Uri address, T message)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(message);
        callbacks.Add((bus, cancellationToken) => Write(name, address, message, bus, cancellationToken));
    }

    // The whole job but for the times of its push, which are its last keys.
    static async Task<BatchCallback> Write<T>(
        string name,
        Uri address,
        T message,
        IBus bus,
        CancellationToken cancellationToken
    )
        where T : class
    {
        var endpoint = await bus.GetSendEndpoint(address).ConfigureAwait(false);
        var capture = await JobCapture.Of(endpoint, message, pipe: null, cancellationToken).ConfigureAwait(false);
        if (capture.Target!.Queue is not { } queue)
        {
            throw new ArgumentException(
                $"The callback of a batch goes to one queue, and '{address}' is a topic. Send it to a queue, whose consumer may publish.",
                nameof(address)
            );
        }

        // It comes once, and belongs to no batch: a lock could only keep it out.
        var draft = capture.Draft!;
        (draft.CreatedAt, draft.EnqueuedAt) = (null, null);
        draft.Options = draft.Options with { Unique = null, Batch = null };
        var job = JobWriter.Write(draft, queue, JobId.From(draft.Metadata!.MessageId!.Value));
        return new BatchCallback(name, queue, job[..^1]);
    }
}
