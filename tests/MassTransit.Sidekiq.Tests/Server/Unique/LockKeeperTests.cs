using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests.Server;

public sealed class LockKeeperTests
{
    [Fact]
    public async Task Lock_of_a_job_that_runs_for_long_lasts_and_only_that()
    {
        await using var steps = await RedisSteps.Open();
        var (roster, work) = (new Roster(), new EndpointWork("orders", new QueueOrder("orders"), concurrency: 3));
        roster.Add(work);
        var keeper = new LockKeeper(new LockStore(steps.Connection, steps.Keys), roster);
        await steps.Redis.Db.StringSetAsync("sidekiq:unique:orders:A:x", "1", TimeSpan.FromSeconds(12));
        await steps.Redis.Db.StringSetAsync("sidekiq:unique:orders:A:y", "2", TimeSpan.FromSeconds(12));

        work.Begin(0, Run("1", "x"));
        work.Begin(1, new JobRunStub("{}"));
        await keeper.Look();
        Assert.True(await Left(steps, "x") <= TimeSpan.FromSeconds(12));

        await Until(async () =>
        {
            await keeper.Look();
            return await Left(steps, "x") > TimeSpan.FromSeconds(13);
        });

        Assert.True(await Left(steps, "y") <= TimeSpan.FromSeconds(12));
    }

    static JobRunStub Run(string jid, string digest) =>
        new($$"""{"class":"A","args":[],"jid":"{{jid}}","unique_for":1,"unique_digest":"{{digest}}"}""");

    static async Task<TimeSpan?> Left(RedisSteps steps, string digest) =>
        await steps.Redis.Db.KeyTimeToLiveAsync("sidekiq:unique:orders:A:" + digest);
}
