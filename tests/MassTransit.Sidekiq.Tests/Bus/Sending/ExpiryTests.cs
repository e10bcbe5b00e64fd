using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests;

/// <summary>A job that has waited too long is dropped, on whichever road it came.</summary>
public sealed class ExpiryTests(ITestOutputHelper output)
{
    static readonly DateTimeOffset now = DateTimeOffset.UtcNow;

    [Fact]
    public async Task Job_of_another_client_is_dropped_when_its_life_is_over_and_run_before()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Ping>();
        await redis.SeedQueue(
            "pings",
            Job("created a day ago", Ago(86_400), "expires_in", "3600"),
            Job("created now", Ago(0), "expires_in", "3600"),
            Job("scheduled a day ago for now", Ago(86_400) + $",\"enqueued_at\":{Seconds(0)}", "expires_in", "3600"),
            Job("lives for ever", Ago(86_400), "x", "3600"),
            Job(
                "failed long ago",
                Ago(86_400) + $",\"enqueued_at\":{Seconds(0)},\"failed_at\":{Seconds(86_000)},\"retry_count\":0",
                "expires_in",
                "3600"
            )
        );

        await using var bus = await Start(redis, seen);

        Assert.Equal(
            ["created now", "scheduled a day ago for now", "lives for ever"],
            (await seen.Next(3)).Select(ping => ping.Text)
        );
        await Settled(redis);
        Assert.Empty(await redis.RetrySet());
        Assert.Empty(await redis.DeadSet());
    }

    [Fact]
    public async Task Life_that_an_attribute_or_a_send_says_is_written_into_the_job_on_every_road()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.HashSetAsync("mt:topic:MassTransit.Sidekiq.Tests:ExpiryTests-Ping", "published", "");
        await using var bus = await TestBus.Start(
            redis,
            output,
            x => x.AddSidekiqMessageScheduler(),
            (_, cfg) => cfg.Periodic("ping", "* * * * * *", "Etc/UTC", new Ping("periodic"), p => p.Queue("periodic"))
        );
        var sender = await bus.Harness.Bus.GetSendEndpoint(new Uri("queue:sent"));

        await sender.Send(new Ping("by attribute"));
        await sender.Send(new Ping("by send"), x => x.Job(job => job.ExpiresIn = TimeSpan.FromSeconds(7)));
        await sender.Send(new Ping("by MassTransit"), x => x.TimeToLive = TimeSpan.FromSeconds(8));
        await bus.Harness.Bus.Publish(new Ping("published"));
        await using var scope = bus.Services.CreateAsyncScope();
        await scope
            .ServiceProvider.GetRequiredService<IMessageScheduler>()
            .ScheduleSend(new Uri("queue:scheduled"), now.UtcDateTime.AddHours(2), new Ping("scheduled"));
        await redis.Until(async state => (await state.Queue("periodic")).Length > 0);

        Assert.Equal("3600 7 8", Lives(await redis.Queue("sent")));
        Assert.Equal("3600", Lives(await redis.Queue("published")));
        var scheduled = Assert.Single(await redis.ScheduledSet());
        var job = Parse(scheduled.Job);
        Assert.Equal(TimeSpan.FromHours(1), job.ExpiresIn);
        Assert.InRange(job.ExpiresAt!.Value - scheduled.Time, TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(61));
        Assert.StartsWith("3600", Lives(await redis.Queue("periodic")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Expired_job_is_counted_as_that_and_stays_so_when_a_dead_one_is_retried_by_hand()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Ping>();
        var failed = $",\"failed_at\":{Seconds(86_399)},\"retry_count\":3,\"error_class\":\"Timeout\"";
        await redis.SeedDeadSet(Job("dead", Ago(86_400) + failed, "expires_in", "3600"), now);
        await using var bus = await Start(redis, seen);
        var inspector = bus.Services.GetRequiredService<ISidekiqInspector>();

        var ended = new Seen<string>();
        using var listener = new System.Diagnostics.Metrics.MeterListener();
        listener.InstrumentPublished = (instrument, meter) =>
        {
            if (instrument.Name == "sidekiq.jobs.settled")
            {
                meter.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>(
            (_, _, tags, _) =>
            {
                var all = tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value?.ToString());
                if (all.ContainsValue("pings"))
                {
                    ended.Add(string.Join(' ', all.Values));
                }
            }
        );
        listener.Start();

        Assert.Equal(1, await inspector.DeadSet.RetryAll(TestContext.Current.CancellationToken));

        Assert.Contains("expired", await ended.Next(), StringComparison.Ordinal);
        await Settled(redis);
        Assert.Empty(await redis.DeadSet());
    }

    Task<TestBus> Start(RedisDatabase redis, Seen<Ping> seen) =>
        TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "pings",
                    e =>
                    {
                        e.ConcurrentMessageLimit = 1;
                        e.Note(seen);
                    }
                )
        );

    static Task Settled(RedisDatabase redis) =>
        redis.Until(async state =>
            !(await state.Keys()).Any(key =>
                key.StartsWith("mt:working", StringComparison.Ordinal) || key == "queue:pings"
            )
        );

    // In seconds.
    static string Lives(IEnumerable<string> jobs) =>
        string.Join(' ', jobs.Select(job => Parse(job).ExpiresIn!.Value.TotalSeconds));

    static SidekiqJob Parse(string job) => SidekiqJob.TryParse(Encoding.UTF8.GetBytes(job))!;

    static string Job(string text, string created, string key, string value) =>
        $"{{\"class\":\"Ping\",\"args\":[{{\"text\":\"{text}\"}}],\"queue\":\"pings\",\"jid\":\"{text.GetHashCode(StringComparison.Ordinal):x}\",\"retry\":true,\"{key}\":{value},{created}}}";

    static string Ago(int seconds) => $"\"created_at\":{Seconds(seconds)}";

    static string Seconds(int ago) =>
        now.AddSeconds(-ago).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture) + ".5";

    [SidekiqJob("Ping", ExpiresIn = 3600)]
    public sealed record Ping(string Text);
}
