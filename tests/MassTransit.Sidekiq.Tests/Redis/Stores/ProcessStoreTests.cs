using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests.Redis;

public class ProcessStoreTests
{
    const string Identity = "host:1:a";

    [Fact]
    public async Task Beat_lists_the_process_for_a_minute_under_all_names_that_Sidekiqs_read()
    {
        await using var steps = await RedisSteps.Open(prefix: "myapp:");
        var store = new ProcessStore(steps.Connection, steps.Keys);

        Assert.Equal(new BeatAnswer(null, 1), await store.Beat(Beat(("1", "{one}"), ("2", "{two}"))));

        var state = await steps.Redis.Snapshot();
        Assert.Equal(
            ["myapp:host:1:a", "myapp:host:1:a:work", "myapp:host:1:a:workers", "myapp:processes"],
            state.Keys
        );
        Assert.Equal(
            $$"""
            hash (expires) [
              beat = {{TestClock.Seconds(RedisSteps.Now)}},
              busy = 2,
              concurrency = 10,
              info = {info},
              quiet = true,
              rss = 2048,
              rtt_us = 321
            ]
            """,
            state["myapp:host:1:a"]
        );
        Assert.Equal("hash (expires) [\n  1 = {one},\n  2 = {two}\n]", state["myapp:host:1:a:work"]);
        Assert.Equal(state["myapp:host:1:a:work"], state["myapp:host:1:a:workers"]);
        Assert.Equal("set [\n  host:1:a\n]", state["myapp:processes"]);
        Assert.InRange(
            (await steps.Redis.Db.KeyTimeToLiveAsync("myapp:host:1:a:workers"))!.Value,
            TimeSpan.FromSeconds(50),
            TimeSpan.FromSeconds(60)
        );
    }

    [Fact]
    public async Task Next_beat_shows_only_what_still_runs()
    {
        await using var steps = await RedisSteps.Open();
        var store = new ProcessStore(steps.Connection, steps.Keys);

        await store.Beat(Beat(("1", "{one}"), ("2", "{two}")));
        await store.Beat(Beat(("2", "{two}")));
        Assert.Equal("2", Assert.Single(await steps.Redis.Db.HashGetAllAsync($"{Identity}:work")).Name);
        await store.Beat(Beat());

        Assert.Equal([Identity, "processes"], await steps.Redis.Keys());
    }

    [Fact]
    public async Task Thousands_of_running_jobs_are_shown()
    {
        await using var steps = await RedisSteps.Open();
        var store = new ProcessStore(steps.Connection, steps.Keys);

        await store.Beat(Beat([.. Enumerable.Range(0, 5000).Select(thread => ($"{thread}", "{}"))]));

        Assert.Equal(5000, await steps.Redis.Db.HashLengthAsync($"{Identity}:work"));
        Assert.Equal(5000, await steps.Redis.Db.HashLengthAsync($"{Identity}:workers"));
    }

    [Fact]
    public async Task Signals_are_taken_one_a_beat_in_the_order_they_were_given()
    {
        await using var steps = await RedisSteps.Open();
        var store = new ProcessStore(steps.Connection, steps.Keys);
        await steps.Redis.Db.ListLeftPushAsync($"{Identity}-signals", "TSTP");
        await steps.Redis.Db.ListLeftPushAsync($"{Identity}-signals", "TERM");

        Assert.Equal("TSTP", (await store.Beat(Beat())).Signal);
        Assert.Equal("TERM", (await store.Beat(Beat())).Signal);
        Assert.Null((await store.Beat(Beat())).Signal);
    }

    [Fact]
    public async Task Process_that_leaves_leaves_nothing()
    {
        await using var steps = await RedisSteps.Open();
        var store = new ProcessStore(steps.Connection, steps.Keys);
        await store.Beat(Beat(("1", "{one}")));
        await steps.Redis.Db.ListLeftPushAsync($"{Identity}-signals", "TSTP");

        await store.Leave();

        Assert.True(await steps.Redis.IsEmpty());
    }

    [Fact]
    public async Task Processes_without_a_description_are_taken_out_once_a_minute()
    {
        await using var steps = await RedisSteps.Open(prefix: "myapp:");
        var store = new ProcessStore(steps.Connection, steps.Keys);
        await store.Beat(Beat());
        await steps.Redis.Db.SetAddAsync("myapp:processes", [(RedisValue)"dead:1:x", "dead:2:y"]);

        Assert.Equal(2, await store.Prune());
        await steps.Redis.Db.SetAddAsync("myapp:processes", "dead:3:z");
        Assert.Equal(0, await store.Prune());

        Assert.Equal(
            ["dead:3:z", Identity],
            (await steps.Redis.Db.SetMembersAsync("myapp:processes")).Select(member => $"{member}").Order()
        );
    }

    static ProcessBeat Beat(params (string, string)[] work) =>
        new()
        {
            Info = "{info}".Bytes(),
            Time = RedisSteps.Now,
            Concurrency = 10,
            Busy = work.Length,
            IsQuiet = true,
            RoundTrip = TimeSpan.FromMicroseconds(321),
            ResidentBytes = 2 * 1024 * 1024,
            Work = [.. work.Select(job => (job.Item1, job.Item2.Bytes().ToArray()))],
        };
}
