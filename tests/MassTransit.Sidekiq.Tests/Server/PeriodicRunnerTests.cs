using System.Text;
using System.Text.Json;
using MassTransit.Sidekiq.Tests.Redis;
using static MassTransit.Sidekiq.Tests.Server.PeriodicSteps;

namespace MassTransit.Sidekiq.Tests.Server;

public class PeriodicRunnerTests
{
    static readonly PeriodicJob nightly = Job("App:nightly", "0 8 * * *");

    [Fact]
    public async Task Ten_processes_enqueue_a_run_once()
    {
        await using var steps = await RedisSteps.Open();
        var clock = new FakeClock(Time("07:00"));
        await Register(steps, clock, nightly, Job("App:often", "*/5 * * * *"));
        var processes = Enumerable.Range(0, 10).Select(n => steps.Another($"host:{n}:x")).ToList();
        var runners = processes.ConvertAll(process => Runner(process, clock));

        for (var runs = 1; runs <= 12; runs++)
        {
            clock.Advance(TimeSpan.FromMinutes(5));
            await Task.WhenAll(runners.Select(runner => runner.Cycle(CancellationToken.None)));
            Assert.Equal(runs, (await steps.Redis.Queue("often")).Length);
        }

        Assert.Single(await steps.Redis.Queue("nightly"));
        Assert.Equal(12, (await Jids(steps, "often")).Distinct().Count());
    }

    [Fact]
    public async Task Run_is_a_job_whose_ids_any_process_would_have_given_it()
    {
        await using var steps = await RedisSteps.Open();
        var clock = new FakeClock(Time("07:00"));
        await Register(steps, clock, nightly);

        Assert.Equal(TimeSpan.FromSeconds(5), await Runner(steps, clock).Cycle(CancellationToken.None));
        clock.Advance(TimeSpan.FromMinutes(60));
        await Runner(steps, clock).Cycle(CancellationToken.None);

        var id = JobId.ToMessageId($"App:nightly@{Time("08:00").ToUnixTimeSeconds()}");
        var at = TestClock.Seconds(Time("08:00"));
        Assert.Equal(
            $$"""{"queue":"nightly","args":[1,"a"],"class":"Nightly","jid":"{{JobId.From(id, "nightly", "Nightly")}}","retry":true,"created_at":{{at}},"enqueued_at":{{at}}}""",
            Assert.Single(await steps.Redis.Queue("nightly"))
        );
        var entry = Assert.Single(await new PeriodicStore(steps.Connection, steps.Keys).List());
        Assert.Equal(Time("08:00"), entry.LastRun);
        Assert.Equal(Time("08:00").AddDays(1), entry.Due);
        Assert.Equal(["nightly"], await steps.Redis.Queues());
    }

    [Fact]
    public async Task Each_run_of_an_ActiveJob_has_a_job_id_of_its_own()
    {
        await using var steps = await RedisSteps.Open();
        var clock = new FakeClock(Time("07:00"));
        var job = Job("App:report", "0 * * * *") with
        {
            Job = Encoding.UTF8.GetBytes(
                """{"retry":true,"wrapped":"Report","args":[{"job_class":"Report","job_id":"old","arguments":[1]}],"class":"ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper"}"""
            ),
        };
        await Register(steps, clock, job);
        var runner = Runner(steps, clock);

        for (var hour = 0; hour < 2; hour++)
        {
            clock.Advance(TimeSpan.FromHours(1));
            await runner.Cycle(CancellationToken.None);
        }

        var arguments = (await steps.Redis.Queue("report")).Select(run =>
            JsonElement.Parse(run).GetProperty("args")[0]
        );
        Assert.All(arguments, argument => Assert.Equal("[1]", argument.GetProperty("arguments").GetRawText()));
        Assert.All(arguments, argument => Assert.Equal("report", argument.GetProperty("queue_name").GetString()));
        var ids = arguments.Select(argument => argument.GetProperty("job_id").GetGuid()).ToList();
        var runs = new[] { Time("08:00"), Time("09:00") }.Select(run => $"App:report@{run.ToUnixTimeSeconds()}");
        Assert.Equal(runs.Select(JobId.ToMessageId), ids);
    }

    [Theory]
    [InlineData("0 8 * * *", "08:00:30", 1)]
    [InlineData("0 8 * * *", "08:59:00", 1)]
    [InlineData("0 8 * * *", "09:01:00", 0)]
    [InlineData("*/10 * * * *", "13:07:00", 1)]
    public async Task Missed_runs_are_made_up_for_by_one_within_the_window(string cron, string backAt, int runs)
    {
        await using var steps = await RedisSteps.Open();
        var clock = new FakeClock(Time("07:55"));
        await Register(steps, clock, Job("App:nightly", cron));

        clock.Advance(Time(backAt) - clock.GetUtcNow());
        var runner = Runner(steps, clock);
        await runner.Cycle(CancellationToken.None);
        await runner.Cycle(CancellationToken.None);

        Assert.Equal(runs, (await steps.Redis.Queue("nightly")).Length);
        var entry = Assert.Single(await new PeriodicStore(steps.Connection, steps.Keys).List());
        Assert.Equal(nightly with { Cron = cron } is var job ? job.Next(clock.GetUtcNow()) : null, entry.Due);
    }

    [Fact]
    public async Task Window_of_zero_still_forgives_a_minute()
    {
        await using var steps = await RedisSteps.Open();
        var clock = new FakeClock(Time("07:55"));
        await Register(steps, clock, nightly with { CatchUp = TimeSpan.Zero });

        clock.Advance(TimeSpan.FromMinutes(5.5));
        await Runner(steps, clock).Cycle(CancellationToken.None);
        clock.Advance(TimeSpan.FromHours(24.1));
        await Runner(steps, clock).Cycle(CancellationToken.None);

        Assert.Single(await steps.Redis.Queue("nightly"));
    }

    [Theory]
    [InlineData(25, 2.5)]
    [InlineData(23, 2)]
    public async Task Night_in_which_the_clocks_are_changed_has_one_run(int hoursOfTheDay, double runAfterHours)
    {
        await using var steps = await RedisSteps.Open();
        var midnight = NextDayInBerlin(hoursOfTheDay);
        var clock = new FakeClock(midnight);
        await Register(steps, clock, Job("App:nightly", "30 2 * * *") with { TimeZone = "Europe/Berlin" });
        var runner = Runner(steps, clock);

        for (var minutes = 0; minutes < 6 * 60; minutes += 10)
        {
            clock.Advance(TimeSpan.FromMinutes(10));
            await runner.Cycle(CancellationToken.None);
        }

        var job = JsonElement.Parse(Assert.Single(await steps.Redis.Queue("nightly")));
        Assert.Equal(midnight.AddHours(runAfterHours).ToUnixTimeSeconds(), job.GetProperty("enqueued_at").GetDouble());
    }

    [Fact]
    public async Task Job_that_was_changed_meanwhile_is_not_run_as_it_was()
    {
        await using var steps = await RedisSteps.Open();
        var clock = new FakeClock(Time("07:00"));
        await Register(steps, clock, nightly);
        clock.Advance(TimeSpan.FromHours(1));
        var store = new PeriodicStore(steps.Connection, steps.Keys);
        var entry = Assert.Single(await store.ReadDue(clock.GetUtcNow()));
        var before = await steps.Redis.Snapshot();
        var request = PeriodicRun.Request(nightly, clock.GetUtcNow(), clock.GetUtcNow(), default);

        Assert.Null(await store.Run(entry with { Json = "{}"u8.ToArray() }, clock.GetUtcNow(), request, null));
        Assert.Null(await store.Run(entry with { Score = entry.Score + 1 }, clock.GetUtcNow(), request, null));

        Assert.Equal(before, await steps.Redis.Snapshot());
    }

    [Fact]
    public async Task Refused_run_stays_due_and_holds_up_no_other()
    {
        await using var steps = await RedisSteps.Open();
        var clock = new FakeClock(Time("07:00"));
        await Register(steps, clock, nightly, Job("App:other", "0 8 * * *"));
        await steps.Redis.Db.StringSetAsync("queue:nightly", "no list");
        clock.Advance(TimeSpan.FromHours(1));
        var runner = Runner(steps, clock);

        await Assert.ThrowsAsync<InvalidOperationException>(() => runner.Cycle(CancellationToken.None));
        Assert.Single(await steps.Redis.Queue("other"));
        await steps.Redis.Db.KeyDeleteAsync("queue:nightly");
        await runner.Cycle(CancellationToken.None);

        Assert.Single(await steps.Redis.Queue("nightly"));
        Assert.Single(await steps.Redis.Queue("other"));
    }

    [Fact]
    public async Task Jobs_run_though_this_application_cannot_declare_its_own()
    {
        await using var steps = await RedisSteps.Open();
        var clock = new FakeClock(Time("07:00"));
        await Register(steps, clock, nightly);
        clock.Advance(TimeSpan.FromHours(1));
        var runner = Runner(steps, clock);
        runner.Declare = _ => throw new InvalidOperationException("no such message");

        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() => runner.Cycle(CancellationToken.None));

        Assert.Contains("no such message", fault.Message, StringComparison.Ordinal);
        Assert.Single(await steps.Redis.Queue("nightly"));
        runner.Declare = _ => Task.CompletedTask;
        await runner.Cycle(CancellationToken.None);
    }

    [Fact]
    public async Task Text_that_is_no_periodic_job_is_paused_and_the_others_run()
    {
        await using var steps = await RedisSteps.Open();
        var clock = new FakeClock(Time("07:00"));
        await Register(steps, clock, nightly);
        foreach (
            var (id, text) in new[]
            {
                ("junk", "no json"),
                ("empty", "{}"),
                ("cron", """{"cron":"x","queue":"q","job":{"class":"A"}}"""),
                ("zone", """{"cron":"* * * * *","tz":"Europe","queue":"q","job":{"class":"A"}}"""),
                ("path", """{"cron":"* * * * *","tz":"../../etc/passwd","queue":"q","job":{"class":"A"}}"""),
                ("half", """{"cron":"\ud800","tz":"\ud800","queue":"q","job":{"class":"A"}}"""),
                ("deep", $$"""{"cron":"* * * * *","queue":"q","job":{{new string('[', 200)}}"""),
            }
        )
        {
            await steps.Redis.Db.HashSetAsync("mt:periodic:jobs", id, text);
            await steps.Redis.Db.SortedSetAddAsync("mt:periodic", id, 1);
        }

        await steps.Redis.Db.SortedSetAddAsync("mt:periodic", "gone", 1);
        clock.Advance(TimeSpan.FromHours(1));

        await Runner(steps, clock).Cycle(CancellationToken.None);

        Assert.Single(await steps.Redis.Queue("nightly"));
        Assert.Equal(
            ["App:nightly"],
            (await steps.Redis.Db.SortedSetRangeByRankAsync("mt:periodic")).Select(id => id.ToString())
        );
    }

    [Fact]
    public async Task Job_whose_time_is_over_is_gone_after_its_last_run()
    {
        await using var steps = await RedisSteps.Open();
        var clock = new FakeClock(Time("07:00"));
        await Register(steps, clock, nightly with { Owner = null, Until = Time("09:00") });
        clock.Advance(TimeSpan.FromHours(1));

        await Runner(steps, clock).Cycle(CancellationToken.None);

        Assert.Single(await steps.Redis.Queue("nightly"));
        Assert.Equal(["queue:nightly", "queues"], await steps.Redis.Keys());
    }

    [Fact]
    public async Task What_an_application_declares_no_more_is_dropped_and_nothing_else()
    {
        await using var steps = await RedisSteps.Open();
        var clock = new FakeClock(Time("07:00"));
        await Register(steps, clock, nightly, Job("App:other", "0 9 * * *"));
        var store = new PeriodicStore(steps.Connection, steps.Keys);
        await store.Register(
            "Elsewhere",
            [PeriodicSteps.Row(Job("Elsewhere:x", "0 9 * * *") with { Owner = "Elsewhere" }, clock.GetUtcNow())]
        );
        await store.Register(
            null,
            [PeriodicSteps.Row(Job("group/y", "0 9 * * *") with { Owner = null }, clock.GetUtcNow())]
        );

        Assert.Equal(1, await store.Register("App", [PeriodicSteps.Row(nightly, clock.GetUtcNow().AddDays(9))]));

        var jobs = await store.List();
        Assert.Equal(["App:nightly", "Elsewhere:x", "group/y"], jobs.Select(job => job.Id));
        Assert.Equal(Time("08:00"), jobs[0].Due);
    }

    [Fact]
    public async Task Restart_keeps_a_missed_run_and_a_pause_and_takes_over_other_times()
    {
        await using var steps = await RedisSteps.Open();
        var clock = new FakeClock(Time("07:00"));
        var (paused, changed) = (Job("App:paused", "0 9 * * *"), Job("App:changed", "0 9 * * *"));
        await Register(steps, clock, nightly, paused, changed);
        var store = new PeriodicStore(steps.Connection, steps.Keys);
        await store.Pause(paused.Id);
        clock.Advance(TimeSpan.FromHours(1.5));

        changed = changed with { Cron = "0 10 * * *" };
        await Register(
            steps,
            clock,
            nightly with
            {
                CatchUp = TimeSpan.FromHours(2),
            },
            paused with
            {
                CatchUp = TimeSpan.Zero,
            },
            changed
        );

        Assert.Equal(
            [("App:changed", Time("10:00")), ("App:nightly", Time("08:00")), ("App:paused", null)],
            (await store.List()).Select(job => (job.Id, job.Due))
        );
    }

    static async Task<IEnumerable<string>> Jids(RedisSteps steps, string queue) =>
        (await steps.Redis.Queue(queue)).Select(job => JsonElement.Parse(job).GetProperty("jid").GetString()!);

    // The midnight at which the next day of Berlin begins that has so many hours.
    static DateTimeOffset NextDayInBerlin(int hours)
    {
        var berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        return Midnight(
            Enumerable.Range(1, 400).First(day => Midnight(day + 1) - Midnight(day) == TimeSpan.FromHours(hours))
        );

        DateTimeOffset Midnight(int day)
        {
            var local = TestClock.Today.Date.AddDays(day);
            return new DateTimeOffset(local, berlin.GetUtcOffset(local)).ToUniversalTime();
        }
    }
}
