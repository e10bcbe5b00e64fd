using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>Our inspector on what Ruby wrote, beside Ruby's own API.</summary>
public sealed class InspectorTests
{
    [Fact]
    public async Task Inspector_sees_what_Rubys_API_sees_and_moves_what_Ruby_failed()
    {
        await using var redis = await RedisServer.Lease();
        await using var services = Services(redis);
        var inspector = services.GetRequiredService<ISidekiqInspector>();
        await using var ruby = await RubySidekiq.Start(redis, "jobs.rb", ["default", "mail"]);
        var jid = await Push(redis, "'class' => 'FailJob', 'args' => ['boom'], 'retry' => 3");
        await Push(redis, "'class' => 'OkJob', 'queue' => 'later', 'args' => [1]");
        await Push(redis, "'class' => 'OkJob', 'args' => [1], 'at' => 4_000_000_000");
        await redis.Until(async state => (await state.RetrySet()).Length == 1);
        await redis.Until(async state => await state.Db.StringGetAsync("stat:processed") == "1");

        var stats = await inspector.Stats();
        var process = Assert.Single(await inspector.Processes());
        var failed = await inspector.RetrySet.Find(jid);

        var theirs = await Ruby.Eval(
            redis,
            "Sidekiq::Stats.new.then { |s| [s.processed, s.failed, s.enqueued, s.scheduled_size, s.retry_size, s.dead_size, s.processes_size] }"
        );
        Assert.Equal(
            theirs.EnumerateArray().Select(number => number.GetInt64()),
            [stats.Processed, stats.Failed, stats.Enqueued, stats.Scheduled, stats.Retries, stats.Dead, stats.Processes]
        );
        Assert.Equal((ruby.ProcessId, 2), (process.ProcessId, process.Concurrency));
        Assert.Equal(["default", "mail"], process.Queues);
        Assert.Equal("boom", failed!.Job!.ErrorMessage);
        Assert.True(await inspector.RetrySet.Retry(failed));
        await redis.Until(async state => (await state.RetrySet()).Length == 1);
        var again = await inspector.RetrySet.Find(jid);
        Assert.Equal(0, again!.Job!.RetryCount);
        Assert.True(await inspector.RetrySet.Kill(again));
        Assert.Equal(1, (await Ruby.Eval(redis, "Sidekiq::DeadSet.new.size")).GetInt32());
        Assert.Equal(200, (await Ruby.Page(redis, "/morgue")).Status);
    }

    [Fact]
    public async Task Ruby_job_that_failed_with_a_wrong_argument_is_edited_in_NET_and_succeeds_in_Ruby()
    {
        await using var redis = await RedisServer.Lease();
        await using var services = Services(redis);
        var inspector = services.GetRequiredService<ISidekiqInspector>();
        await using var ruby = await RubySidekiq.Start(redis, "jobs.rb", ["default", "mail"]);
        var jid = await Push(redis, "'class' => 'PickyJob', 'args' => ['12'], 'retry' => 3, 'tags' => ['é']");
        await redis.Until(async state => (await state.RetrySet()).Length == 1);
        var failed = (await inspector.RetrySet.Find(jid))!;

        Assert.Equal(new SidekiqArgsCheck(null, null), inspector.ArgsCheck(failed));
        Assert.True(await inspector.RetrySet.RetryWith(failed, "[\n  12\n]"));

        var run = Assert.Single(await redis.Ran(1));
        Assert.Equal(("PickyJob", jid, "[12]"), (run.Class, run.Jid, run.Args));
        Assert.False(await inspector.RetrySet.RetryWith(failed, "[13]"));
        Assert.Equal(0, (await Ruby.Eval(redis, "Sidekiq::RetrySet.new.size")).GetInt32());
    }

    [Fact]
    public async Task Jobs_that_Ruby_pushed_to_a_queue_without_a_worker_run_on_the_queue_that_they_are_moved_to()
    {
        await using var redis = await RedisServer.Lease();
        await using var services = Services(redis);
        var inspector = services.GetRequiredService<ISidekiqInspector>();
        for (var number = 1; number <= 3; number++)
        {
            await Push(redis, $"'class' => 'OkJob', 'queue' => 'lost', 'args' => [{number}]");
        }

        Assert.Equal(3, await inspector.MoveAll("lost", "mail"));

        Assert.Equal(
            """[["mail","[1]"],["mail","[2]"],["mail","[3]"]]""",
            (
                await Ruby.Eval(redis, "Sidekiq::Queue.new('mail').map { |j| [j.queue, j.args.to_s] }.reverse")
            ).GetRawText()
        );
        await using var ruby = await RubySidekiq.Start(redis, "jobs.rb", ["mail"]);
        Assert.Equal(["[1]", "[2]", "[3]"], (await redis.Ran(3)).Select(run => run.Args).Order(StringComparer.Ordinal));
    }

    static ServiceProvider Services(RedisDatabase redis) =>
        new ServiceCollection()
            .AddMassTransit(x => x.UsingSidekiq((_, cfg) => cfg.Host(redis.Url)))
            .BuildServiceProvider();

    static async Task<string> Push(RedisDatabase redis, string job) =>
        (await Ruby.Eval(redis, $"Sidekiq::Client.push({job})")).GetString()!;
}
