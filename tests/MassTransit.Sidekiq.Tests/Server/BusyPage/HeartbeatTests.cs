using System.Text.Json;
using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests.Server;

public sealed class HeartbeatTests : IAsyncLifetime
{
    const string Identity = "host:1:a";

    static readonly TimeSpan interval = TimeSpan.FromSeconds(5);

    readonly FakeClock clock = new();
    readonly ListLogger log = new();
    readonly Roster roster = new();
    readonly Fleet fleet = new(new Random(1));
    RedisSteps steps = null!;
    JobTally tally = null!;
    RemoteControl control = null!;
    Heartbeat heartbeat = null!;

    public HeartbeatTests() => LogContext.ConfigureCurrentLogContext(log);

    public async ValueTask InitializeAsync()
    {
        steps = await RedisSteps.Open();
        var stores = new RedisStores(steps.Connection, steps.Keys, DeadSet.Default);
        tally = new JobTally(stores.Stats);
        control = new RemoteControl(new BusSettings(), roster, log);
        heartbeat = new Heartbeat(
            stores.Processes,
            roster,
            tally,
            new SidekiqGauges(roster, stores.Inspection, clock),
            control,
            steps.Connection.Skew,
            fleet,
            interval,
            clock
        )
        {
            Identity = Identity,
        };
    }

    public async ValueTask DisposeAsync()
    {
        await heartbeat.Loop.DisposeAsync();
        await steps.DisposeAsync();
    }

    [Fact]
    public async Task Process_that_takes_no_jobs_is_not_listed()
    {
        Assert.Equal(interval, await Cycle());

        Assert.True(await steps.Redis.IsEmpty());
        Assert.Null(heartbeat.LastBeat);
    }

    [Fact]
    public async Task Beat_tells_how_many_processes_share_the_polling_Rubys_included()
    {
        await steps.Redis.Db.SetAddAsync("processes", ["ruby:1:a", "ruby:2:b"]);
        roster.Add(Endpoint("orders", 2));

        await Cycle();

        Assert.Equal(3, fleet.Processes);
    }

    [Fact]
    public async Task First_beat_lists_the_process_with_what_it_is()
    {
        roster.Add(Endpoint("orders", 2));
        roster.Add(Endpoint("mails", 3));
        clock.Advance(TimeSpan.FromHours(1));

        Assert.Equal(interval, await Cycle());

        Assert.Equal([Identity], (await steps.Redis.Db.SetMembersAsync("processes")).Select(member => $"{member}"));
        Assert.Equal(clock.GetUtcNow(), heartbeat.LastBeat);
        Assert.Equal(("5", "0", "false"), (await Field("concurrency"), await Field("busy"), await Field("quiet")));
        Assert.Equal(TestClock.Seconds(clock.GetUtcNow()), await Field("beat"));
        var info = JsonElement.Parse((await Field("info"))!);
        Assert.Equal(Identity, info.GetProperty("identity").GetString());
        Assert.Equal(TestClock.Seconds(TestClock.Start), info.GetProperty("started_at").GetRawText());
        Assert.Equal("""["mails","orders"]""", info.GetProperty("queues").GetRawText());
        Assert.False(info.GetProperty("embedded").GetBoolean());
    }

    [Fact]
    public async Task Jobs_that_run_are_shown_each_endpoint_with_threads_of_its_own()
    {
        var (mails, orders) = (Endpoint("mails", 3), Endpoint("orders", 2));
        roster.Add(orders);
        roster.Add(mails);
        mails.Begin(2, Job("third"));
        orders.Begin(0, Job("fourth"));

        await Cycle();

        Assert.Equal("2", await Field("busy"));
        var work = await steps.Redis.Db.HashGetAllAsync($"{Identity}:work");
        Assert.Equal(
            [("3", "third"), ("4", "fourth")],
            work.Select(thread => ($"{thread.Name}", JidOf($"{thread.Value}"))).Order()
        );
    }

    [Theory]
    [InlineData("TSTP")]
    [InlineData("TERM")]
    public async Task Signal_is_obeyed_and_the_next_beat_shows_that_at_once(string signal)
    {
        roster.Add(Endpoint("orders", 2));
        await Press(signal);

        Assert.Equal(TimeSpan.Zero, await Cycle());
        Assert.True(control.IsQuiet);
        Assert.Equal("false", await Field("quiet"));

        Assert.Equal(interval, await Cycle());
        Assert.Equal("true", await Field("quiet"));
    }

    [Fact]
    public async Task Signals_are_obeyed_one_a_beat_in_their_order()
    {
        var orders = Endpoint("orders", 2);
        roster.Add(orders);
        orders.Begin(0, Job("j1d"));
        await Press("TTIN");
        await Press("TSTP");

        Assert.Equal(TimeSpan.Zero, await Cycle());
        Assert.Contains("j1d", Assert.Single(log.Lines), StringComparison.Ordinal);
        Assert.False(control.IsQuiet);

        Assert.Equal(TimeSpan.Zero, await Cycle());
        Assert.True(control.IsQuiet);
        Assert.Equal(interval, await Cycle());
    }

    [Fact]
    public async Task Process_is_quiet_when_all_its_endpoints_stop()
    {
        var (orders, mails) = (Endpoint("orders", 2), Endpoint("mails", 2));
        roster.Add(orders);
        roster.Add(mails);

        orders.IsStopping = true;
        await Cycle();
        Assert.Equal("false", await Field("quiet"));

        mails.IsStopping = true;
        await Cycle();
        Assert.Equal("true", await Field("quiet"));
    }

    [Fact]
    public async Task Beat_brings_what_was_counted()
    {
        roster.Add(Endpoint("orders", 2));
        tally.Ran("Pay", TimeSpan.FromMilliseconds(5), hasFailed: false);

        await Cycle();

        Assert.Equal("1", await steps.Redis.Db.StringGetAsync("stat:processed"));
    }

    [Fact]
    public async Task Counters_that_Redis_refuses_hold_up_no_beat_and_are_told()
    {
        roster.Add(Endpoint("orders", 2));
        await steps.Redis.Db.ListLeftPushAsync("stat:processed", "no counter");
        tally.Ran("Pay", TimeSpan.FromMilliseconds(5), hasFailed: false);

        Assert.Equal(interval, await Cycle());
        Assert.Equal(interval, await Cycle());
        Assert.Single(log.Lines);
        Assert.NotNull(heartbeat.LastBeat);
    }

    [Fact]
    public async Task Processes_that_died_are_taken_off_the_page_once_a_minute()
    {
        roster.Add(Endpoint("orders", 2));
        await steps.Redis.Db.SetAddAsync("processes", "first");
        await Cycle();
        Assert.False(await steps.Redis.Db.SetContainsAsync("processes", "first"));

        // As if no other process had looked either.
        await steps.Redis.Db.KeyDeleteAsync("process_cleanup");
        await steps.Redis.Db.SetAddAsync("processes", "second");
        clock.Advance(TimeSpan.FromMinutes(1) - TimeSpan.FromTicks(1));
        await Cycle();
        Assert.True(await steps.Redis.Db.SetContainsAsync("processes", "second"));

        clock.Advance(TimeSpan.FromTicks(1));
        await Cycle();
        Assert.False(await steps.Redis.Db.SetContainsAsync("processes", "second"));
    }

    [Fact]
    public async Task Process_whose_last_endpoint_has_gone_leaves_the_page()
    {
        var listing = roster.Add(Endpoint("orders", 2));
        await Cycle();
        listing.Dispose();

        Assert.Equal(interval, await Cycle());

        Assert.Equal(["process_cleanup"], await steps.Redis.Keys());
        Assert.Null(heartbeat.LastBeat);
    }

    [Fact]
    public async Task End_brings_what_was_counted_and_leaves_the_page()
    {
        roster.Add(Endpoint("orders", 2));
        await Cycle();
        tally.Ran(knownClass: null, TimeSpan.Zero, hasFailed: false);

        await heartbeat.End();
        await heartbeat.End();

        Assert.False(await steps.Redis.Db.KeyExistsAsync("processes"));
        Assert.Equal("1", await steps.Redis.Db.StringGetAsync("stat:processed"));
        Assert.Null(heartbeat.LastBeat);
    }

    [Fact]
    public async Task Process_leaves_the_page_though_Redis_refuses_its_counters()
    {
        roster.Add(Endpoint("orders", 2));
        await Cycle();
        await steps.Redis.Db.ListLeftPushAsync("stat:processed", "no counter");
        tally.Ran(knownClass: null, TimeSpan.Zero, hasFailed: false);

        await Assert.ThrowsAsync<SidekiqRedisException>(heartbeat.End);

        Assert.False(await steps.Redis.Db.KeyExistsAsync("processes"));
    }

    [Fact]
    public async Task Endpoint_that_comes_and_a_process_that_falls_quiet_are_told_without_waiting()
    {
        heartbeat.Loop.Start();
        await clock.Armed().InTime();

        roster.Add(Endpoint("orders", 2));
        await steps.Redis.Until(async _ => await Field("quiet") == "false");

        control.Quiet("code");
        await steps.Redis.Until(async _ => await Field("quiet") == "true");
    }

    Task<TimeSpan> Cycle() => heartbeat.Cycle(CancellationToken.None);

    Task Press(string signal) => steps.Redis.Db.ListLeftPushAsync($"{Identity}-signals", signal);

    async Task<string?> Field(string name) => await steps.Redis.Db.HashGetAsync(Identity, name);

    static EndpointWork Endpoint(string name, int concurrency) => new(name, new QueueOrder(name), concurrency);

    static JobRunStub Job(string jid) => new($$"""{"jid":"{{jid}}","class":"Pay"}""");

    static string? JidOf(string work) =>
        JsonElement.Parse(JsonElement.Parse(work).GetProperty("payload").GetString()!).GetProperty("jid").GetString();
}
