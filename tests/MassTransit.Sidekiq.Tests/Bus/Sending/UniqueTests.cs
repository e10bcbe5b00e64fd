using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests;

/// <summary>A job that is unique keeps equal ones out, on whichever road they come.</summary>
public sealed class UniqueTests(ITestOutputHelper output)
{
    static readonly CancellationToken never = CancellationToken.None;

    [Fact]
    public async Task Second_job_is_dropped_and_its_sender_told_of_the_first()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);
        var conflicts = new Seen<string>();
        using var counted = Count(conflicts, "syncs");

        var first = await Send(bus, new Sync(1, "first"));
        var second = await Send(bus, new Sync(1, "first"));
        var other = await Send(bus, new Sync(2, "other"));

        Assert.Null(first);
        Assert.Null(other);
        var jobs = await redis.Queue("syncs");
        Assert.Equal(2, jobs.Length);
        Assert.Equal(new JobConflict(Parse(jobs[0]).Jid!, "syncs", "Sync"), second);
        Assert.Equal("syncs", await conflicts.Next());
        Assert.Contains(
            bus.Log,
            line => line.Contains($"job {second!.Jid} with the same arguments", StringComparison.Ordinal)
        );
        Assert.All(jobs, job => Assert.Contains("\"unique_for\":600,", job, StringComparison.Ordinal));
        Assert.Equal(2, (await Locks(redis)).Length);
    }

    [Fact]
    public async Task Options_of_a_send_take_precedence_over_those_of_its_type()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);
        await Send(bus, new Sync(1, "x"));

        await Assert.ThrowsAsync<JobNotUniqueException>(() =>
            Send(bus, new Sync(1, "x"), job => job.OnConflict = SidekiqConflict.Throw)
        );
        Assert.Null(await Send(bus, new Sync(1, "x"), job => job.UniqueFor = TimeSpan.Zero));
        Assert.Null(await Send(bus, new Plain(1), job => job.UniqueFor = TimeSpan.FromMinutes(1)));
        Assert.NotNull(await Send(bus, new Plain(1), job => job.UniqueFor = TimeSpan.FromMinutes(1)));

        Assert.Equal(3, (await redis.Queue("syncs")).Length);
    }

    [Fact]
    public async Task Lock_covers_what_is_configured_instead_of_all_arguments()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) => cfg.Job<Sync>(job => job.UniqueBy<Sync>(m => m.Order))
        );

        Assert.Null(await Send(bus, new Sync(1, "one text")));
        Assert.NotNull(await Send(bus, new Sync(1, "another text")));
        Assert.Null(await Send(bus, new Sync(2, "one text")));
    }

    [Fact]
    public async Task Published_message_reaches_each_subscriber_whose_lock_is_free()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);
        const string topic = "mt:topic:MassTransit.Sidekiq.Tests:UniqueTests-Sync";
        await redis.Db.HashSetAsync(topic, "first", "");
        var published = new Seen<JobConflict?>();

        await Publish();
        await redis.Db.HashSetAsync(topic, "second", "");
        await Publish();
        await Publish(SidekiqConflict.Throw, throws: true);

        Assert.Null(await published.Next());
        Assert.Equal("first", (await published.Next())!.Queue);
        Assert.Single(await redis.Queue("first"));
        Assert.Single(await redis.Queue("second"));
        Assert.Equal(2, (await Locks(redis)).Length);

        async Task Publish(SidekiqConflict onConflict = SidekiqConflict.Drop, bool throws = false)
        {
            SendContext? context = null;
            var sent = bus.Harness.Bus.Publish(
                new Sync(1, "x"),
                x =>
                {
                    context = x;
                    x.Job(job => job.OnConflict = onConflict);
                },
                never
            );
            if (throws)
            {
                await Assert.ThrowsAsync<JobNotUniqueException>(() => sent);
                return;
            }

            await sent;
            published.Add(context!.TryGetPayload<JobConflict>(out var conflict) ? conflict : null);
        }
    }

    [Fact]
    public async Task Scheduled_job_keeps_others_out_until_it_is_cancelled_and_may_be_replaced()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output, x => x.AddSidekiqMessageScheduler());
        await using var scope = bus.Services.CreateAsyncScope();
        var scheduler = scope.ServiceProvider.GetRequiredService<IMessageScheduler>();
        var (queue, due) = (new Uri("queue:syncs"), TestClock.Start.UtcDateTime.AddYears(1));

        var first = await scheduler.ScheduleSend(queue, due, new Sync(1, "x"));
        Assert.NotNull(await Send(bus, new Sync(1, "x")));
        await scheduler.CancelScheduledSend(first);
        Assert.Empty(await Locks(redis));

        await scheduler.ScheduleSend(queue, due, new Sync(1, "x"));
        Assert.Null(await Send(bus, new Sync(1, "x"), job => job.OnConflict = SidekiqConflict.Replace));
        Assert.Empty(await redis.ScheduledSet());
        Assert.Single(await redis.Queue("syncs"));
        // It waits in its queue now, where it is not replaced.
        Assert.NotNull(await Send(bus, new Sync(1, "x"), job => job.OnConflict = SidekiqConflict.Replace));
    }

    [Fact]
    public async Task Periodic_run_is_skipped_while_the_last_one_waits()
    {
        await using var redis = await RedisServer.Lease();
        var conflicts = new Seen<string>();
        using var counted = Count(conflicts, "periodic");
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.Periodic("sync", "* * * * * *", "Etc/UTC", new Sync(1, "x"), p => p.Queue("periodic"))
        );

        await conflicts.Next(2);

        Assert.Single(await redis.Queue("periodic"));
        Assert.Single(await Locks(redis));
    }

    [Fact]
    public async Task Message_that_is_sent_again_with_its_id_is_the_job_that_is_there()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);
        var id = NewId.NextGuid();

        Assert.Null(await Send(bus, new Sync(1, "x"), messageId: id));
        Assert.Null(await Send(bus, new Sync(1, "x"), messageId: id));

        Assert.Single(await redis.Queue("syncs"));
    }

    [Fact]
    public async Task Lock_of_a_job_that_exists_nowhere_is_taken_over_by_a_send_and_a_publish()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);
        await redis.Db.HashSetAsync("mt:topic:MassTransit.Sidekiq.Tests:UniqueTests-Sync", "syncs", "");
        await Send(bus, new Sync(1, "x"));
        await Send(bus, new Sync(2, "x"));

        // As Ruby does, which knows nothing of the lock.
        await redis.Db.ListRightPopAsync("queue:syncs");
        await redis.Db.ListRightPopAsync("queue:syncs");

        Assert.Null(await Send(bus, new Sync(1, "x")));
        await redis.Until(async _ =>
        {
            await bus.Harness.Bus.Publish(new Sync(2, "x"), never);
            return (await redis.Queue("syncs")).Length == 2;
        });
        Assert.NotNull(await Send(bus, new Sync(1, "x")));
    }

    [Fact]
    public async Task Lock_of_another_client_is_respected_and_ours_is_where_that_looks()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);
        var key = $"sidekiq:unique:syncs:Pair:{LockDigest.Of("[1,\"x\"]"u8.ToArray(), wrapped: null)}";
        Assert.EndsWith(
            "b1aafb0d4ee706f1fe2ea1f8a4d7d84ec4c24870a2b91d2da6f2ddb0c2249dcf",
            key,
            StringComparison.Ordinal
        );
        await redis.Db.StringSetAsync(key, "");

        Assert.Equal(new JobConflict("", "syncs", "Pair"), await Send(bus, new Pair(1, "x")));
        await redis.Db.KeyDeleteAsync(key);
        Assert.Null(await Send(bus, new Pair(1, "x")));

        Assert.Equal([key], await Locks(redis));
    }

    [Fact]
    public async Task Job_that_is_unique_until_its_time_is_over_keeps_others_out_after_its_end()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Plain>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.Job<Plain>(job => job.UniqueFor(TimeSpan.FromHours(1), SidekiqUniqueUntil.Expiry));
                cfg.ReceiveEndpoint("syncs", e => e.Note(seen));
            }
        );

        await Send(bus, new Plain(1));
        await seen.Next();
        await redis.Until(async state =>
            !(await state.Keys()).Any(key => key.StartsWith("mt:working", StringComparison.Ordinal))
        );

        Assert.NotNull(await Send(bus, new Plain(1)));
    }

    // Null when it was sent.
    static async Task<JobConflict?> Send<T>(
        TestBus bus,
        T message,
        Action<SidekiqSendContext>? options = null,
        Guid? messageId = null
    )
        where T : class
    {
        SendContext? context = null;
        var endpoint = await bus.Harness.Bus.GetSendEndpoint(new Uri("queue:syncs"));
        await endpoint.Send(
            message,
            x =>
            {
                context = x;
                x.MessageId = messageId ?? x.MessageId;
                x.Job(job => options?.Invoke(job));
            },
            never
        );

        return context!.TryGetPayload<JobConflict>(out var conflict) ? conflict : null;
    }

    static async Task<string[]> Locks(RedisDatabase redis) =>
        [.. (await redis.Keys()).Where(key => key.StartsWith("sidekiq:unique:", StringComparison.Ordinal))];

    static SidekiqJob Parse(string job) => SidekiqJob.TryParse(Encoding.UTF8.GetBytes(job))!;

    static MeterListener Count(Seen<string> queues, string queue)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, meter) =>
            {
                if (instrument.Name == "sidekiq.jobs.conflicts")
                {
                    meter.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>(
            (_, _, tags, _) =>
            {
                if (tags.ToArray().Any(tag => tag.Value as string == queue))
                {
                    queues.Add(queue);
                }
            }
        );
        listener.Start();
        return listener;
    }

    [SidekiqJob("Sync", UniqueFor = 600)]
    public sealed record Sync(int Order, string Text);

    [SidekiqJob("Pair", UniqueFor = 600, Args = SidekiqArgs.Positional)]
    public sealed record Pair(int Number, string Text);

    public sealed record Plain(int Order);
}
