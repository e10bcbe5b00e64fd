using System.Text.Json;
using MassTransit.Scheduling;
using MassTransit.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests;

public sealed class PeriodicTests(ITestOutputHelper output)
{
    const string EverySecond = "* * * * * *";
    static readonly string Never = TestClock.CronMonthsAway;

    [Fact]
    public async Task Message_is_published_again_and_again_each_time_with_an_id_of_its_own()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Received<Tick>>();
        await using var bus = await Start(
            redis,
            cfg =>
            {
                cfg.Periodic("tick", EverySecond, "Europe/Berlin", new Tick("now"));
                cfg.ReceiveEndpoint("ticks", e => e.Note(seen));
            }
        );

        var ticks = await seen.Next(3);

        Assert.Equal(3, ticks.Select(tick => tick.Context.MessageId).Distinct().Count());
        Assert.All(ticks, tick => Assert.Equal("now", tick.Message.What));
        Assert.All(ticks, tick => Assert.Equal("eu", tick.Context.Headers.Get<string>("Tenant")));
        var listed = Assert.Single(await Jobs(bus).List());
        Assert.Equal(("App:tick", EverySecond, "Europe/Berlin"), (listed.Id, listed.Cron, listed.TimeZone));
        Assert.Equal(("MassTransit.Sidekiq.Tests:PeriodicTests-Tick", null), (listed.Topic, listed.Queue));
        Assert.NotNull(listed.LastRun);
        var inspector = bus.Services.GetRequiredService<ISidekiqInspector>();
        Assert.Equal(listed.Id, Assert.Single(await inspector.Periodic.List()).Id);
    }

    [Fact]
    public async Task Ruby_class_gets_its_arguments_in_its_queue_from_a_bus_without_endpoints()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Start(
            redis,
            cfg =>
                cfg.PeriodicJob(
                    "sweep",
                    EverySecond,
                    "Etc/UTC",
                    "SweepWorker",
                    [30, "old", true, null],
                    p => p.Queue("low").Retry(3)
                )
        );

        await redis.Until(async state => (await state.Queue("low")).Length > 0);

        var job = JsonElement.Parse((await redis.Queue("low"))[0]);
        Assert.Equal("SweepWorker", job.GetProperty("class").GetString());
        Assert.Equal("[30,\"old\",true,null]", job.GetProperty("args").GetRawText());
        Assert.Equal(3, job.GetProperty("retry").GetInt32());
        Assert.Equal(24, job.GetProperty("jid").GetString()!.Length);
        Assert.False(job.TryGetProperty("mt", out _));
        Assert.Contains("low", await redis.Queues());
    }

    [Fact]
    public async Task Message_goes_to_the_queue_of_its_contract_or_the_one_that_is_named()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Start(
            redis,
            cfg =>
            {
                cfg.Job<Tick>(j => j.Class("Ticker").Queue("contract"));
                cfg.Periodic("a", EverySecond, "Etc/UTC", new Tick("published"));
                cfg.Periodic("b", EverySecond, "Etc/UTC", new Tick("sent"), p => p.Queue("named"));
            }
        );

        await redis.Until(async state =>
            (await state.Queue("contract")).Length > 0 && (await state.Queue("named")).Length > 0
        );

        Assert.All(await redis.Queue("contract"), job => Assert.Contains("published", job, StringComparison.Ordinal));
        Assert.All(
            await redis.Queue("named"),
            job => Assert.Contains("\"class\":\"Ticker\"", job, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Start_of_a_version_without_it_drops_it()
    {
        await using var redis = await RedisServer.Lease();
        await using (
            var old = await Start(
                redis,
                cfg =>
                {
                    cfg.Periodic("kept", Never, "Etc/UTC", new Tick("old"));
                    cfg.Periodic("dropped", Never, "Etc/UTC", new Tick("old"));
                }
            )
        )
        {
            await Listed(old, "App:dropped", "App:kept");
        }

        await using (var bus = await Start(redis, cfg => cfg.Periodic("kept", Never, "Etc/UTC", new Tick("new"))))
        {
            await Listed(bus, "App:kept");
        }

        await using var last = await Start(redis, cfg => cfg.ReceiveEndpoint("ticks", e => e.Note(new Seen<Tick>())));
        await Listed(last);
        Assert.DoesNotContain(await redis.Keys(), key => key.StartsWith("mt:periodic", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Declared_jobs_come_back_when_Redis_has_lost_them()
    {
        await using var server = await RedisServer.StartOwn();
        var redis = server.Open();
        await using var bus = await Start(redis, cfg => cfg.Periodic("tick", Never, "Etc/UTC", new Tick("now")));
        await Listed(bus, "App:tick");

        await redis.Flush();
        await server.Restart();

        await redis.Until(async state => await state.Db.KeyExistsAsync("mt:periodic:jobs"));
    }

    [Fact]
    public async Task Listed_job_can_be_run_paused_resumed_and_removed()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Start(
            redis,
            cfg => cfg.PeriodicJob("sweep", Never, "Etc/UTC", "SweepWorker", configure: p => p.Queue("low"))
        );
        await Listed(bus, "App:sweep");
        var jobs = Jobs(bus);

        Assert.True(await jobs.Run("App:sweep"));
        Assert.Single(await redis.Queue("low"));
        Assert.True(await jobs.Pause("App:sweep"));
        Assert.False(await jobs.Pause("App:sweep"));
        Assert.Null(Assert.Single(await jobs.List()).NextRun);
        Assert.True(await jobs.Resume("App:sweep"));
        Assert.NotNull(Assert.Single(await jobs.List()).NextRun);
        Assert.True(await jobs.Remove("App:sweep"));
        Assert.Empty(await jobs.List());
        Assert.False(await jobs.Run("App:sweep"));
        Assert.False(await jobs.Resume("App:sweep"));
        Assert.False(await jobs.Remove("App:sweep"));
    }

    [Fact]
    public async Task Recurring_message_is_sent_and_published_until_it_is_cancelled()
    {
        await using var redis = await RedisServer.Lease();
        var (sent, published) = (new Seen<Received<Tick>>(), new Seen<Received<ITock>>());
        await using var bus = await Start(
            redis,
            cfg =>
            {
                cfg.ReceiveEndpoint("ticks", e => e.Note(sent));
                cfg.ReceiveEndpoint("tocks", e => e.Note(published));
            }
        );
        var scheduler = bus.Services.GetRequiredService<IRecurringMessageScheduler>();

        await scheduler.ScheduleRecurringSend(
            new Uri("queue:ticks"),
            new Schedule("tick"),
            new Tick("sent"),
            Pipe.Execute<SendContext<Tick>>(context => context.Headers.Set("Of", "the pipe"))
        );
        await scheduler.ScheduleRecurringPublish<ITock>(new Schedule("tock"), new { What = "published" });

        Assert.Equal("the pipe", (await sent.Next()).Context.Headers.Get<string>("Of"));
        Assert.Equal("published", (await published.Next()).Message.What);
        await scheduler.PauseScheduledRecurringSend("tock", "tests");
        await scheduler.CancelScheduledRecurringSend("tick", "tests");
        var left = Assert.Single(await Jobs(bus).List());
        Assert.Equal(("tests/tock", null, null), (left.Id, left.NextRun, left.Application));
        await scheduler.ResumeScheduledRecurringSend("tock", "tests");
        Assert.NotNull(Assert.Single(await Jobs(bus).List()).NextRun);
    }

    [Fact]
    public void All_that_is_wrong_is_said_at_once()
    {
        var fault = Assert.Throws<ConfigurationException>(() =>
            MassTransit.Bus.Factory.CreateUsingSidekiq(cfg =>
            {
                cfg.Periodic("a", "0 25 * * *", "Etc/UTC", new Tick("x"));
                cfg.Periodic("b", Never, "Europe/Atlantis", new Tick("x"));
                cfg.PeriodicJob("c", "0 0 30 2 *", "Etc/UTC", "A");
                cfg.PeriodicJob("d", Never, "Etc/UTC", "A", configure: p => p.Queue("a queue"));
                cfg.PeriodicJob("d", Never, "Etc/UTC", "A");
            })
        );

        foreach (var part in new[] { "'25'", "'Europe/Atlantis'", "never comes", "'a queue'", "'d' is used by 2" })
        {
            Assert.Contains(part, fault.Message, StringComparison.Ordinal);
        }
    }

    async Task<TestBus> Start(RedisDatabase redis, Action<ISidekiqBusFactoryConfigurator> configure) =>
        await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.Host(redis.Url, host => host.Application = "App");
                cfg.ConfigurePublish(pipe => pipe.UseExecute(context => context.Headers.Set("Tenant", "eu")));
                configure(cfg);
            }
        );

    static ISidekiqPeriodicJobs Jobs(TestBus bus) => bus.Services.GetRequiredService<ISidekiqPeriodicJobs>();

    static Task Listed(TestBus bus, params string[] ids) =>
        Eventually.Until(
            async () => (await Jobs(bus).List()).Select(job => job.Id).SequenceEqual(ids),
            async () => string.Join(", ", await Jobs(bus).List())
        );

    public sealed record Tick(string What);

    public interface ITock
    {
        string What { get; }
    }

    sealed class Schedule : DefaultRecurringSchedule
    {
        public Schedule(string id)
        {
            (ScheduleId, ScheduleGroup, CronExpression, TimeZoneId) = (id, "tests", EverySecond, "Europe/Berlin");
        }
    }
}
