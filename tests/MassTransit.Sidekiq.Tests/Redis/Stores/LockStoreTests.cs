using System.Text;

namespace MassTransit.Sidekiq.Tests.Redis;

public class LockStoreTests
{
    static readonly TimeSpan life = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task Lock_is_released_by_its_holder_only()
    {
        await using var steps = await RedisSteps.Open();
        var (store, tied) = (Store(steps), Tied(steps));
        await tied.Push(Push("1"));
        var name = Push("1").Lock;

        await store.Release(name, "2");
        Assert.Equal("1", await tied.Push(Push("3")));

        await store.Release(name, "1");
        Assert.Null(await tied.Push(Push("3")));
    }

    [Fact]
    public async Task Locks_of_running_jobs_last_and_those_of_others_and_longer_ones_are_left()
    {
        await using var steps = await RedisSteps.Open();
        var store = Store(steps);
        await steps.Redis.Db.StringSetAsync("sidekiq:unique:short", "1", TimeSpan.FromSeconds(5));
        await steps.Redis.Db.StringSetAsync("sidekiq:unique:long", "2", TimeSpan.FromSeconds(500));
        await steps.Redis.Db.StringSetAsync("sidekiq:unique:other", "4", TimeSpan.FromSeconds(5));

        await store.Keep(
            [Lock("1") with { Name = "short" }, Lock("2") with { Name = "long" }, Lock("3") with { Name = "other" }],
            TimeSpan.FromSeconds(60)
        );

        Assert.InRange(await Left(steps, "sidekiq:unique:short"), TimeSpan.FromSeconds(55), TimeSpan.FromSeconds(60));
        Assert.InRange(await Left(steps, "sidekiq:unique:long"), TimeSpan.FromSeconds(490), TimeSpan.FromSeconds(500));
        Assert.InRange(await Left(steps, "sidekiq:unique:other"), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    const string Key = "sidekiq:unique:orders:Class:digest";

    static LockStore Store(RedisSteps steps) => new(steps.Connection, steps.Keys);

    static TiedJobStore Tied(RedisSteps steps) => new(steps.Connection, steps.Keys);

    static TiedPush Push(string jid) =>
        new("orders", "Class", jid, Encoding.UTF8.GetBytes($"{{\"jid\":\"{jid}\"}}"))
        {
            Unique = new UniqueJob(life, SidekiqUniqueUntil.Success, SidekiqConflict.Drop, "digest"),
        };

    static JobLock Lock(string jid) => new("orders:Class:digest", jid, life, SidekiqUniqueUntil.Success);

    static async Task<TimeSpan> Left(RedisSteps steps, string key = Key) =>
        (await steps.Redis.Db.KeyTimeToLiveAsync(key))!.Value;
}
