using System.Text;

namespace MassTransit.Sidekiq.Tests.Redis;

// Batch "b" with a callback of each kind, and a process that works on its jobs.
sealed class OpenBatch : IAsyncDisposable
{
    long delivery = 1_000_000;

    OpenBatch(RedisSteps steps)
    {
        Steps = steps;
        Store = new BatchStore(steps.Connection, steps.Keys);
        Tied = new TiedJobStore(steps.Connection, steps.Keys);
    }

    public RedisSteps Steps { get; }

    public BatchStore Store { get; }

    public TiedJobStore Tied { get; }

    // With these jobs, and nothing more to come.
    public static async Task<OpenBatch> Open(params string[] jids) => await On(await RedisSteps.Open(), jids);

    public static async Task<OpenBatch> On(RedisSteps steps, params string[] jids)
    {
        var batch = await Begin(steps);
        await Task.WhenAll(jids.Select(jid => batch.Add(jid)));
        Assert.True(await batch.Store.Seal("b", jids.Length));
        return batch;
    }

    public static async Task<OpenBatch> Begin(RedisSteps? steps = null)
    {
        var batch = new OpenBatch(steps ?? await RedisSteps.Open());
        BatchCallback[] callbacks = [Callback("complete"), Callback("success"), Callback("death")];
        Assert.Equal(BatchCreation.Created, await batch.Store.Create("b", "Import", null, callbacks));
        return batch;
    }

    public Task Add(string jid) => Push(jid, "b");

    public Task Push(string jid, string bid, string? json = null) =>
        Tied.Push(new TiedPush("orders", "A", jid, Encoding.UTF8.GetBytes(json ?? "{}")) { Batch = bid });

    public async Task End(string jid, string bid = "b") =>
        Assert.True(await Tied.End(await Claimed(), Ties(jid, bid), BatchOutcome.Success));

    public async Task Fail(string jid) =>
        Assert.True(
            await Steps.Claims.Retry(await Claimed(), $"{{\"f\":{jid}}}".Bytes(), RedisSteps.Now, Ties(jid, "b"))
        );

    public async Task Die(string jid, string bid = "b") =>
        Assert.True(
            await Steps.Claims.Bury(await Claimed(), $"{{\"d\":{jid}}}".Bytes(), RedisSteps.Now, Ties(jid, bid))
        );

    // As many claims, numbered from 1.
    public Task Claimed(int count) =>
        Steps.Redis.Db.HashSetAsync(
            Steps.Keys.Queue("orders").Working,
            [.. Enumerable.Range(1, count).Select(number => new StackExchange.Redis.HashEntry(number, "{}"))]
        );

    // What was called back, the first first.
    public async Task<string[]> Callbacks() =>
        await Steps.Redis.Db.KeyTypeAsync("queue:callbacks") == StackExchange.Redis.RedisType.String
            ? []
            :
            [
                .. (await Steps.Redis.Queue("callbacks")).Select(job =>
                    SidekiqJob.Parse(job.Bytes(), "").Jid!["cb-".Length..]
                ),
            ];

    public async Task<TimeSpan> Left(string key) => (await Steps.Redis.Db.KeyTimeToLiveAsync(key))!.Value;

    public async Task<SidekiqBatch> Find() => (await Store.Find("b"))!;

    public ValueTask DisposeAsync() => Steps.DisposeAsync();

    async Task<Delivery> Claimed()
    {
        var number = Interlocked.Increment(ref delivery);
        await Steps.Redis.Db.HashSetAsync(Steps.Keys.Queue("orders").Working, number, "{}");
        return new Delivery("orders", number);
    }

    static JobTies Ties(string jid, string bid) => new(null, new BatchMember(bid, jid));

    static BatchCallback Callback(string name) =>
        new(
            name,
            "callbacks",
            Encoding.UTF8.GetBytes(
                $$"""{"retry":true,"queue":"callbacks","args":[],"class":"Done","jid":"cb-{{name}}" """.TrimEnd()
            )
        );
}
