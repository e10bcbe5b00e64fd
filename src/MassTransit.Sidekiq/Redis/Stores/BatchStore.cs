using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// A callback of a batch: a finished job, but for the times of its push.
internal sealed record BatchCallback(string Event, string Queue, byte[] Job);

internal enum BatchCreation
{
    ParentEnded = -1,
    Filled = 0,
    Created = 1,
    BeingFilled = 2,
}

// Batches: started, filled, looked at. Their jobs tell them in the steps that end them (batch.lua).
internal class BatchStore(RedisConnection redis, RedisKeys keys)
{
    static readonly RedisValue[] shown =
    [
        "created",
        "description",
        "parent",
        "total",
        "pending",
        "failed",
        "dead",
        "failures",
        "dropped",
        "arrived",
        "expected",
        "complete",
        "success",
        "death",
    ];

    readonly RedisLink link = redis.Working;

    public virtual async Task<BatchCreation> Create(
        string bid,
        string? description,
        string? parent,
        IReadOnlyList<BatchCallback> callbacks
    )
    {
        var fields = new List<RedisValue> { "description", description ?? "" };
        foreach (var ofEvent in callbacks.GroupBy(callback => callback.Event, StringComparer.Ordinal))
        {
            foreach (var (number, callback) in ofEvent.Index())
            {
                fields.Add($"{ofEvent.Key}:{number}");
                fields.Add((byte[])[.. System.Text.Encoding.UTF8.GetBytes(callback.Queue), (byte)'|', .. callback.Job]);
            }
        }

        var created = await link.Run(
                Script.CreateBatch,
                [keys.Batch(bid), keys.Batches, keys.BatchOrNone(parent)],
                [bid, Now(), parent ?? "", .. fields]
            )
            .ConfigureAwait(false);
        return (BatchCreation)(int)created;
    }

    // False when there is no such batch.
    public virtual async Task<bool> Seal(string bid, long messages) =>
        (int)await link.Run(Script.SealBatch, [keys.Batch(bid)], [messages, Now()]).ConfigureAwait(false) == 1;

    public Task Arrive(string bid) => link.Run(Script.Arrive, [keys.Batch(bid)], [Now()]);

    // The newest first; those that are gone are left out.
    public async Task<IReadOnlyList<SidekiqBatch>> List(int skip, int most)
    {
        var bids = await Call(database =>
                Answers.OrNothing(
                    database.SortedSetRangeByRankAsync(keys.Batches, skip, skip + most - 1, Order.Descending),
                    []
                )
            )
            .ConfigureAwait(false);
        var found = await Task.WhenAll(bids.Select(bid => Find((string)bid!))).ConfigureAwait(false);
        return [.. found.OfType<SidekiqBatch>()];
    }

    public Task<long> Count() => Call(database => Answers.OrNothing(database.SortedSetLengthAsync(keys.Batches), 0));

    public async Task<SidekiqBatch?> Find(string bid)
    {
        var values = await Call(database => Answers.OrNothing(database.HashGetAsync(keys.Batch(bid), shown), []))
            .ConfigureAwait(false);
        return values.Length == 0 || values[0].IsNull ? null : Read(bid, values);
    }

    // Those that have not succeeded, dead and failed ones first, at most `most` of the first thousand or so that Redis has.
    public async Task<IReadOnlyList<SidekiqBatchJob>> Jobs(string bid, int most)
    {
        var jobs = await Call(database => Answers.OrNothing(Read(database), [])).ConfigureAwait(false);
        return [.. jobs.OrderByDescending(job => job.State).ThenBy(job => job.Id, StringComparer.Ordinal).Take(most)];

        async Task<List<SidekiqBatchJob>> Read(IDatabase database)
        {
            var read = new List<SidekiqBatchJob>();
            await foreach (
                var entry in database.HashScanAsync(keys.BatchJobs(bid), pageSize: 1000).ConfigureAwait(false)
            )
            {
                read.Add(Job(entry));
                if (read.Count >= Math.Max(most, 1000))
                {
                    break;
                }
            }

            return read;
        }
    }

    // Its jobs go on without it, and a batch around it as well.
    public async Task<bool> Delete(string bid) =>
        (int)
            await link.Run(Script.DeleteBatch, [keys.Batch(bid), keys.BatchJobs(bid), keys.Batches], [bid, Now()])
                .ConfigureAwait(false) > 0;

    static SidekiqBatchJob Job(HashEntry entry)
    {
        const string Inner = "batch:";
        var name = (string)entry.Name!;
        var isBatch = name.StartsWith(Inner, StringComparison.Ordinal);
        var state = (string?)entry.Value switch
        {
            "dead" => SidekiqBatchJobState.Dead,
            "failed" => SidekiqBatchJobState.Failed,
            _ => SidekiqBatchJobState.Open,
        };
        return new SidekiqBatchJob(isBatch ? name[Inner.Length..] : name, isBatch, state);
    }

    static SidekiqBatch Read(string bid, RedisValue[] values)
    {
        var fields = shown
            .Zip(values)
            .ToDictionary(field => (string)field.First!, field => field.Second, StringComparer.Ordinal);
        return new SidekiqBatch
        {
            Id = bid,
            Description = (string?)fields["description"] is { Length: > 0 } text ? text : null,
            ParentId = fields["parent"],
            CreatedAt = Time("created")!.Value,
            Total = Number("total"),
            Pending = Number("pending"),
            Failed = Number("failed"),
            Dead = Number("dead"),
            Failures = Number("failures"),
            Dropped = Number("dropped"),
            IsFilled = !fields["expected"].IsNull && Number("arrived") >= Number("expected"),
            CompletedAt = Time("complete"),
            SucceededAt = Time("success"),
            DiedAt = Time("death"),
        };

        // What another client wrote there counts as nothing.
        long Number(string field) => fields[field].TryParse(out long number) ? number : 0;

        DateTimeOffset? Time(string field) =>
            fields[field].IsNull ? null
            : fields[field].TryParse(out double seconds) ? Score.ToTime(seconds)
            : DateTimeOffset.UnixEpoch;
    }

    string Now() => Score.From(redis.Clock.GetUtcNow());

    Task<T> Call<T>(Func<IDatabase, Task<T>> command) => link.Call("batch", keys.Batches, command);
}
