using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests.Server;

public sealed class CancelWatchTests
{
    [Fact]
    public async Task Only_jobs_that_are_marked_are_cancelled_and_a_key_of_another_type_hides_none()
    {
        await using var steps = await RedisSteps.Open();
        var (watch, work) = Watch(steps);
        var (marked, strange, other) = (Run("1"), Run("2"), Run("3"));
        work.Begin(0, strange);
        work.Begin(1, marked);
        work.Begin(2, other);
        await steps.Redis.Db.StringSetAsync("it-2", "cancelled");
        await steps.Redis.Db.HashSetAsync("it-1", "cancelled", 1);
        await steps.Redis.Db.HashSetAsync("it-3", "ex", 1);

        await Until(async () =>
        {
            await watch.Look();
            return marked.IsCancelled;
        });

        Assert.Equal((false, false), (strange.IsCancelled, other.IsCancelled));
    }

    [Fact]
    public async Task Process_without_a_job_that_has_run_for_long_asks_nothing()
    {
        await using var steps = await RedisSteps.Open();
        var (watch, work) = Watch(steps);
        await steps.Redis.Db.HashSetAsync("it-1", "cancelled", 1);
        var run = Run("1");

        await watch.Look();
        work.Begin(0, run);
        await watch.Look();

        Assert.False(run.IsCancelled);
    }

    static (CancelWatch Watch, EndpointWork Work) Watch(RedisSteps steps)
    {
        var (roster, work) = (new Roster(), new EndpointWork("orders", new QueueOrder("orders"), concurrency: 3));
        roster.Add(work);
        return (new CancelWatch(new CancelStore(steps.Connection, steps.Keys), roster), work);
    }

    static JobRunStub Run(string jid) => new($$"""{"jid":"{{jid}}"}""");
}
