namespace MassTransit.Sidekiq;

/// <summary>
/// Starts batches.
/// 1. The batch is created, with its callbacks written.
/// 2. Each message is sent with its id, and the step that stores its job counts it: now, or when an outbox is drained.
/// 3. At last the batch learns how many messages there are. Once so many have arrived, its callbacks may come.
/// A kill in between leaves jobs that run, and a batch without callbacks; starting it again with its id completes it.
/// </summary>
internal sealed class SidekiqBatches(
    BusRuntime runtime,
    IBus bus,
    ISendEndpointProvider sending,
    IPublishEndpoint publishing
) : ISidekiqBatches
{
    public async Task<string> Start(
        Action<ISidekiqBatchConfigurator> configure,
        Func<ISidekiqBatchScope, Task> add,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(configure);
        ArgumentNullException.ThrowIfNull(add);

        var batch = new BatchConfigurator();
        configure(batch);
        var bid = batch.Id is { } id ? BatchId.Require(id) : BatchId.New();
        var callbacks = await batch.Callbacks(bus, cancellationToken).ConfigureAwait(false);
        var store = runtime.Process.Stores.Batches;
        var created = await store
            .Create(bid, batch.Description, batch.ParentId, callbacks)
            .WaitAsync(cancellationToken)
            .ConfigureAwait(false);
        switch (created)
        {
            case BatchCreation.ParentEnded:
                throw new BatchEndedException(batch.ParentId!);
            case BatchCreation.Filled:
                return bid;
        }

        var scope = new BatchScope(bid, sending, publishing);
        await add(scope).ConfigureAwait(false);
        return await store.Seal(bid, scope.Count).WaitAsync(cancellationToken).ConfigureAwait(false)
            ? bid
            : throw new BatchEndedException(bid);
    }
}
