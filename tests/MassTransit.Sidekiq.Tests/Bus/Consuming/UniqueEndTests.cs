using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests;

/// <summary>A unique job releases its lock where it ends, and keeps it where it only moves.</summary>
public sealed class UniqueEndTests(ITestOutputHelper output)
{
    static readonly CancellationToken never = CancellationToken.None;

    [Theory]
    [InlineData(0)] // it succeeds
    [InlineData(1)] // its failure drops it
    [InlineData(2)] // its failure kills it
    public async Task Job_that_ends_releases_its_lock(int end)
    {
        await using var redis = await RedisServer.Lease();
        var started = new Seen<int>();
        await using var bus = await Start(
            redis,
            context =>
            {
                started.Add(context.Message.Order);
                return end == 0 ? Task.CompletedTask : throw new InvalidOperationException("as it was told");
            }
        );

        await Send(
            bus,
            job =>
            {
                job.Retry = end == 1 ? false : 0;
                job.UniqueFor = TimeSpan.FromHours(1);
            }
        );

        await started.Next();
        await Released(redis);
        Assert.Equal(end == 2 ? 1 : 0, (await redis.DeadSet()).Length);
    }

    [Fact]
    public async Task Job_that_fails_keeps_its_lock_through_its_retries_in_another_queue_too()
    {
        await using var redis = await RedisServer.Lease();
        var started = new Seen<int>();
        await using var bus = await Start(
            redis,
            context =>
            {
                started.Add(context.Message.Order);
                return started.All.Count == 1
                    ? throw new InvalidOperationException("as it was told")
                    : Task.CompletedTask;
            }
        );

        await Send(bus, job => job.RetryQueue = "syncs_again");
        await started.Next();
        await redis.Until(async state => (await state.RetrySet()).Length == 1);
        var held = Assert.Single(await Locks(redis));
        Assert.True(await redis.Db.KeyTimeToLiveAsync(held) > TimeSpan.FromMinutes(10));

        await redis.RetryNow();
        await started.Next();
        await Released(redis);
    }

    [Fact]
    public async Task Job_that_is_redelivered_keeps_its_lock()
    {
        await using var redis = await RedisServer.Lease();
        var started = new Seen<int>();
        await using var bus = await Start(
            redis,
            context =>
            {
                started.Add(context.Message.Order);
                return started.All.Count == 1 ? context.Redeliver(TimeSpan.FromHours(1)) : Task.CompletedTask;
            }
        );

        await Send(bus);
        await started.Next();
        await redis.Until(async state => (await state.ScheduledSet()).Length == 1);

        var held = Assert.Single(await Locks(redis));
        Assert.InRange(
            (await redis.Db.KeyTimeToLiveAsync(held))!.Value,
            TimeSpan.FromMinutes(69),
            TimeSpan.FromMinutes(70)
        );
    }

    [Fact]
    public async Task Job_that_is_unique_until_it_starts_lets_the_next_one_in_while_it_runs()
    {
        await using var redis = await RedisServer.Lease();
        var (started, end) = (new Seen<int>(), new TaskCompletionSource());
        await using var bus = await Start(
            redis,
            context =>
            {
                started.Add(context.Message.Order);
                return end.Task;
            }
        );

        await Send(bus, job => job.UniqueUntil = SidekiqUniqueUntil.Start);
        await started.Next();
        Assert.Empty(await Locks(redis));

        await Send(bus, job => job.UniqueUntil = SidekiqUniqueUntil.Start);
        await started.Next();
        end.SetResult();
        await Released(redis);
    }

    [Fact]
    public async Task Running_job_keeps_others_out_and_one_that_is_cancelled_releases_its_lock()
    {
        await using var redis = await RedisServer.Lease();
        var started = new Seen<string>();
        await using var bus = await Start(
            redis,
            async context =>
            {
                started.Add(context.GetJob().Jid!);
                var cancelled = new TaskCompletionSource();
                await using var _ = context.CancellationToken.Register(cancelled.SetResult);
                await cancelled.Task;
                context.CancellationToken.ThrowIfCancellationRequested();
            }
        );
        await Send(bus, job => job.UniqueFor = TimeSpan.FromSeconds(10));
        var jid = await started.Next();

        // Longer than it was to be unique: its lock is kept while it runs.
        await redis.Until(async state =>
            await Locks(state) is [var held] && await state.Db.KeyTimeToLiveAsync(held) > TimeSpan.FromSeconds(10)
        );
        await redis.Until(async _ => (await Inspector(bus).Work(never)).Any(work => work.Job?.Jid == jid));
        await Inspector(bus).Cancel(jid, never);

        await Released(redis);
    }

    [Fact]
    public async Task Job_that_expired_releases_its_lock()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("syncs", Job("1", "expires_in", 1, created: 1));
        await redis.Db.StringSetAsync(Key, "1");

        await using var bus = await Start(redis, _ => Task.CompletedTask);

        await Released(redis);
    }

    [Fact]
    public async Task Job_of_Ruby_that_is_unique_releases_the_lock_that_names_it()
    {
        await using var redis = await RedisServer.Lease();
        var started = new Seen<int>();
        await redis.SeedQueue("syncs", Job("1", "x", 1, created: 1));
        await redis.Db.StringSetAsync(Key, "1");

        await using var bus = await Start(
            redis,
            context =>
            {
                started.Add(context.Message.Order);
                return Task.CompletedTask;
            }
        );

        Assert.Equal(1, await started.Next());
        await Released(redis);
    }

    [Theory]
    [InlineData("queue")]
    [InlineData("retry")]
    [InlineData("schedule")]
    [InlineData("kill")]
    [InlineData("cancel")]
    public async Task Job_that_is_removed_by_hand_releases_its_lock(string place)
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);
        var (job, later) = (Job("1", "x", 1, created: 1), TestClock.Start.AddYears(1));
        await redis.Db.StringSetAsync(Key, "1");
        await (
            place is "queue" or "cancel" ? redis.SeedQueue("syncs", job)
            : place is "schedule" ? redis.SeedScheduledSet(job, later)
            : redis.SeedRetrySet(job, later)
        );

        switch (place)
        {
            case "queue":
                await foreach (var entry in Inspector(bus).Jobs("syncs", cancellationToken: never))
                {
                    Assert.True(await Inspector(bus).Delete("syncs", entry, never));
                }

                break;
            case "cancel":
                Assert.Equal(SidekiqCancellation.Removed, await Inspector(bus).Cancel("1", never));
                break;
            case "kill":
                Assert.Equal(1, await Inspector(bus).RetrySet.KillAll(never));
                Assert.Single(await redis.DeadSet());
                break;
            default:
                var set = place == "retry" ? Inspector(bus).RetrySet : Inspector(bus).ScheduledSet;
                Assert.Equal(1, await set.DeleteAll(_ => true, never));
                break;
        }

        Assert.Empty(await Locks(redis));
    }

    [Fact]
    public async Task Job_that_is_moved_by_hand_keeps_its_lock_and_releases_it_from_there()
    {
        await using var redis = await RedisServer.Lease();
        var started = new Seen<int>();
        await redis.SeedQueue(
            "elsewhere",
            Job("1", "x", 1, created: 1).Replace("syncs", "elsewhere", StringComparison.Ordinal)
        );
        await redis.Db.StringSetAsync(Key.Replace("syncs", "elsewhere", StringComparison.Ordinal), "1");
        await using var bus = await Start(
            redis,
            context =>
            {
                started.Add(context.Message.Order);
                return Task.CompletedTask;
            }
        );

        Assert.Equal(1, await Inspector(bus).MoveAll("elsewhere", "syncs", never));

        Assert.Equal(1, await started.Next());
        await Released(redis);
    }

    // SHA-256 of [{"order":1}].
    const string Key = "sidekiq:unique:syncs:Sync:6d30ab72667f6141f4137a280ed3710706d055dcaf8d62fd821b37bcc347ff8f";

    Task<TestBus> Start(RedisDatabase redis, Func<ConsumeContext<Sync>, Task> work) =>
        TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "syncs",
                    e =>
                    {
                        e.Queues(queues => queues.Strict("syncs").Strict("syncs_again"));
                        e.Handler<Sync>(context => work(context));
                    }
                )
        );

    static async Task Send(TestBus bus, Action<SidekiqSendContext>? options = null)
    {
        var endpoint = await bus.Harness.Bus.GetSendEndpoint(new Uri("queue:syncs"));
        await endpoint.Send(
            new Sync(1),
            x =>
            {
                x.Job(job => options?.Invoke(job));
            },
            never
        );
    }

    static ISidekiqInspector Inspector(TestBus bus) => bus.Services.GetRequiredService<ISidekiqInspector>();

    static Task Released(RedisDatabase redis) => redis.Until(async state => (await Locks(state)).Length == 0);

    static async Task<string[]> Locks(RedisDatabase redis) =>
        [.. (await redis.Keys()).Where(key => key.StartsWith("sidekiq:unique:", StringComparison.Ordinal))];

    static string Job(string jid, string key, int value, long created) =>
        $$"""{"class":"Sync","args":[{"order":1}],"queue":"syncs","jid":"{{jid}}","retry":true,"unique_for":600,"{{key}}":{{value}},"created_at":{{created}}}""";

    [SidekiqJob("Sync", UniqueFor = 600)]
    public sealed record Sync(int Order);
}
