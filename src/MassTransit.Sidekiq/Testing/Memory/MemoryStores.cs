namespace MassTransit.Sidekiq;

// The stores of a process without Redis: those that sends and subscriptions go through keep jobs in memory. Any other finds no
// Redis, and says so.
internal static class MemoryStores
{
    public static RedisStores Of(MemoryJobs jobs, RedisConnection redis, RedisKeys keys, DeadSet dead) =>
        new(redis, keys, dead)
        {
            Jobs = new MemoryJobStore(jobs, redis, keys),
            Topics = new MemoryTopicStore(jobs, redis, keys),
            Tied = new MemoryTiedStore(jobs, redis, keys),
            Batches = new MemoryBatchStore(redis, keys),
            Limits = new MemoryLimitStore(redis, keys),
        };
}

internal sealed class MemoryJobStore(MemoryJobs jobs, RedisConnection redis, RedisKeys keys) : JobStore(redis, keys)
{
    public override Task Push(string queue, ReadOnlyMemory<byte> json) => jobs.Push((queue, json));

    public override Task PushBulk(string queue, IReadOnlyList<ReadOnlyMemory<byte>> pushed) =>
        jobs.Push([.. pushed.Select(json => (queue, json))]);

    public override async Task<bool> PushTemporary(string queue, ReadOnlyMemory<byte> json, TimeSpan life)
    {
        await jobs.Push((queue, json)).ConfigureAwait(false);
        return true;
    }

    public override Task Schedule(ReadOnlyMemory<byte> json, DateTimeOffset due, Guid? token = null)
    {
        jobs.Add(DueSet.Schedule, new MemoryDueJob(json, due, token));
        return Task.CompletedTask;
    }

    public override Task<bool> CancelScheduled(Guid token) => Task.FromResult(jobs.Cancel(token));

    public override Task<long> Purge(string queue) => Task.FromResult(jobs.Clear(queue));
}

internal sealed class MemoryTopicStore(MemoryJobs jobs, RedisConnection redis, RedisKeys keys) : TopicStore(redis, keys)
{
    public override Task Subscribe(IReadOnlyList<string> entities, string subscription, string value = "")
    {
        foreach (var entity in entities)
        {
            // A temporary queue lives as long as the harness.
            jobs.Subscribe(entity, subscription, value == RedisKeys.TemporarySubscriber ? "" : value);
        }

        return Task.CompletedTask;
    }

    public override Task DeclareImplements(string entity, IReadOnlyList<string> parents)
    {
        jobs.Implement(entity, parents);
        return Task.CompletedTask;
    }

    public override async Task<Publication> Publish(PublishRequest request)
    {
        var copies = await jobs.Publish(request).ConfigureAwait(false);
        return new Publication(copies.Count, copies);
    }

    // The jobs show their options, and take no locks, as in Sidekiq's own testing modes.
    public override async Task<TiedPublication> PublishTied(PublishRequest request)
    {
        var copies = await jobs.Publish(request).ConfigureAwait(false);
        return new TiedPublication(copies.Count, copies, []);
    }

    public override Task<IReadOnlyList<string>> TouchTemporary(IReadOnlyList<string> queues, TimeSpan life) =>
        Task.FromResult<IReadOnlyList<string>>([]);

    public override Task MakeLasting(IReadOnlyList<string> queues) => Task.CompletedTask;

    public override Task RemoveTemporary(string queue, IReadOnlyList<string> entities) => Task.CompletedTask;
}

internal sealed class MemoryTiedStore(MemoryJobs jobs, RedisConnection redis, RedisKeys keys)
    : TiedJobStore(redis, keys)
{
    public override async Task<string?> Push(TiedPush push)
    {
        if (push.Due is { } due)
        {
            jobs.Add(DueSet.Schedule, new MemoryDueJob(push.Json, due, push.Token));
        }
        else
        {
            await jobs.Push((push.Queue, push.Json)).ConfigureAwait(false);
        }

        return null;
    }
}

// A batch that is started takes its jobs, which show it, and never has a callback.
internal sealed class MemoryBatchStore(RedisConnection redis, RedisKeys keys) : BatchStore(redis, keys)
{
    public override Task<BatchCreation> Create(
        string bid,
        string? description,
        string? parent,
        IReadOnlyList<BatchCallback> callbacks
    ) => Task.FromResult(BatchCreation.Created);

    public override Task<bool> Seal(string bid, long messages) => Task.FromResult(true);
}

// A limit holds up nobody.
internal sealed class MemoryLimitStore(RedisConnection redis, RedisKeys keys) : LimitStore(redis, keys)
{
    public override Task<IReadOnlyList<(string Name, string Before)>> Declare(IReadOnlyList<LimitDefinition> limits) =>
        Task.FromResult<IReadOnlyList<(string Name, string Before)>>([]);

    public override Task<IReadOnlyList<LimitAnswer>> Take(IReadOnlyList<LimitAsk> asks, TimeSpan lease) =>
        Task.FromResult<IReadOnlyList<LimitAnswer>>([.. asks.Select(_ => new LimitAnswer(null, [], TimeSpan.Zero))]);
}
