using System.Globalization;
using MassTransit.Sidekiq.Tests.Redis;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests.Inspecting;

public sealed class JobSetTests
{
    static readonly DateTimeOffset Now = RedisSteps.Now;

    [Fact]
    public async Task Page_of_a_set_of_200_000_jobs_costs_what_a_page_holds()
    {
        await using var server = await RedisServer.StartOwn();
        var redis = server.Open();
        for (var first = 0; first < 200_000; first += 10_000)
        {
            await redis.Db.SortedSetAddAsync(
                "retry",
                [.. Enumerable.Range(first, 10_000).Select(number => new SortedSetEntry(Job(number), number))]
            );
        }

        var inspector = Inspector(redis);
        // The server knows the script from here on.
        await inspector.DeadSet.Entries().GetAsyncEnumerator(TestContext.Current.CancellationToken).MoveNextAsync();
        var (sent, calls) = (await BytesSent(redis), await server.Calls("evalsha"));

        var entries = new List<SidekiqEntry>();
        var middle = DateTimeOffset.UnixEpoch.AddSeconds(123_456);
        await foreach (var entry in inspector.RetrySet.Entries(from: middle))
        {
            entries.Add(entry);
            if (entries.Count == 150)
            {
                break;
            }
        }

        Assert.Equal(
            Enumerable.Range(123_456, 150).Select(number => $"{number}"),
            entries.Select(entry => entry.Job!.Jid)
        );
        Assert.InRange(await BytesSent(redis) - sent, 200 * 50, 200 * 200);
        Assert.Equal(2, await server.Calls("evalsha") - calls);
    }

    [Fact]
    public async Task All_that_are_selected_are_rescheduled_once_even_into_the_midst_of_the_others()
    {
        await using var redis = await RedisServer.Lease();
        await Seed(redis, "schedule", Enumerable.Range(0, 450), number => number);
        var (set, middle) = (Inspector(redis).ScheduledSet, DateTimeOffset.UnixEpoch.AddSeconds(225));

        Assert.Equal(449, await set.RescheduleAll(middle, _ => true));
        Assert.All(await redis.ScheduledSet(), entry => Assert.Equal(225, entry.Score));
        Assert.Equal(0, await set.RescheduleAll(middle, _ => true));
        Assert.Equal(450, await redis.Db.SortedSetLengthAsync("schedule"));
    }

    [Fact]
    public async Task All_that_are_selected_go_to_another_queue_now_or_when_their_time_comes()
    {
        await using var redis = await RedisServer.Lease();
        await Seed(redis, "retry", Enumerable.Range(0, 250), _ => 5);
        await redis.SeedRetrySet("no job", DateTimeOffset.UnixEpoch.AddSeconds(1));
        var set = Inspector(redis).RetrySet;

        Assert.Equal(250, await set.MoveAll("mail", _ => true));
        Assert.Equal(0, await set.MoveAll("mail", _ => true));
        Assert.Equal(
            250,
            (await redis.RetrySet()).Count(entry => entry.Job.Contains("\"queue\":\"mail\"", StringComparison.Ordinal))
        );
        await Assert.ThrowsAsync<ArgumentException>(() => set.RetryAllOn("a b", _ => true));
        await Assert.ThrowsAsync<ArgumentNullException>(() => set.MoveAll("mail", null!));
        await Assert.ThrowsAsync<ArgumentNullException>(() => set.RetryAllOn("mail", null!));

        Assert.Equal(
            100,
            await set.RetryAllOn("other", entry => int.Parse(entry.Job!.Jid!, CultureInfo.InvariantCulture) < 100)
        );
        Assert.Equal(100, (await redis.Queue("other")).Length);
        Assert.Equal(151, (await redis.RetrySet()).Length);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Each_entry_is_met_once_whatever_leaves_and_comes_meanwhile(bool newestFirst)
    {
        await using var redis = await RedisServer.Lease();
        // All of one time, the worst that there is, in the order of their text.
        await Seed(redis, "schedule", Enumerable.Range(1000, 1000), _ => 5);
        var set = Inspector(redis).ScheduledSet;

        var seen = new List<string>();
        await foreach (var entry in set.Entries(newestFirst: newestFirst))
        {
            seen.Add(entry.Job!.Jid!);
            if (seen.Count % 3 == 0)
            {
                Assert.True(await set.Delete(entry, TestContext.Current.CancellationToken));
            }

            if (seen.Count == 500)
            {
                await Seed(redis, "schedule", [2500], _ => newestFirst ? 9 : 1);
            }
        }

        var expected = Enumerable.Range(1000, 1000).Select(number => $"{number}");
        Assert.Equal(newestFirst ? expected.Reverse() : expected, seen);
    }

    [Fact]
    public async Task Retry_moves_a_job_and_gives_its_attempt_back_and_only_one_of_two_does_it()
    {
        await using var redis = await RedisServer.Lease();
        const string Failed =
            """{"x":{"deep":1},"class":"Pay","args":[1],"queue":"billing","jid":"a","retry":true,"retry_count":2,"created_at":1.5}""";
        await redis.SeedRetrySet(Failed, Now.AddHours(1));
        var set = Inspector(redis).RetrySet;
        var entry = await First(set);

        var moved = await Task.WhenAll(set.Retry(entry), set.Retry(entry), set.Retry(entry));

        Assert.Single(moved, one => one);
        Assert.Empty(await redis.RetrySet());
        var pushed = Assert.Single(await redis.Queue("billing"));
        Assert.StartsWith(
            """{"x":{"deep":1},"class":"Pay","args":[1],"queue":"billing","jid":"a","retry":true,"retry_count":1,"created_at":1.5,"enqueued_at":""",
            pushed,
            StringComparison.Ordinal
        );
        Assert.Equal(["billing"], await redis.Queues());
        Assert.Equal(Now.AddHours(1), entry.At);
        Assert.False(await set.Kill(entry));
        Assert.False(await set.Delete(entry));
        Assert.False(await set.Reschedule(entry, Now));
    }

    [Fact]
    public async Task Scheduled_job_is_added_to_its_queue_as_it_is()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedScheduledSet("""{"class":"Pay","args":[1],"queue":"billing","jid":"a","retry_count":2}""", Now);
        var set = Inspector(redis).ScheduledSet;

        Assert.True(await set.Retry(await First(set)));

        Assert.Contains(
            "\"retry_count\":2,\"enqueued_at\":",
            Assert.Single(await redis.Queue("billing")),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Kill_moves_a_job_to_the_dead_set_and_tells_the_handlers_of_deaths()
    {
        await using var redis = await RedisServer.Lease();
        var deaths = new List<string>();
        await redis.SeedRetrySet("""{"class":"Pay","args":[1],"queue":"billing","jid":"a"}""", Now);
        await redis.SeedRetrySet("no job", Now.AddSeconds(1));
        var host = Host(redis);
        host.Deaths.Add(
            (job, cause) =>
            {
                deaths.Add($"{job.Jid} of {job.Queue}: {cause.Message}");
                return Task.CompletedTask;
            }
        );
        var inspector = new SidekiqInspector(host);

        var entries = await All(inspector.RetrySet);
        Assert.True(await inspector.RetrySet.Kill(entries[0]));
        Assert.True(await inspector.RetrySet.Kill(entries[1]));
        Assert.False(await inspector.DeadSet.Kill(await First(inspector.DeadSet)));

        Assert.Empty(await redis.RetrySet());
        Assert.Equal(2, (await redis.DeadSet()).Length);
        Assert.Equal(["a of billing: Job killed by API"], deaths);
        Assert.Null(entries[1].Job);
        Assert.Equal("no job", entries[1].Text);
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => inspector.RetrySet.Retry(entries[1]));
        Assert.Contains("can be deleted or killed", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reschedule_moves_the_one_entry_in_time()
    {
        await using var redis = await RedisServer.Lease();
        await Seed(redis, "schedule", [1], _ => 5);
        var set = Inspector(redis).ScheduledSet;
        var entry = await First(set);

        Assert.True(await set.Reschedule(entry, Now));
        Assert.True(await set.Reschedule(entry, Now));

        Assert.Equal(Now, Assert.Single(await redis.ScheduledSet()).Time);
    }

    [Fact]
    public async Task Find_meets_the_job_of_an_id_among_thousands()
    {
        await using var redis = await RedisServer.Lease();
        await Seed(redis, "dead", Enumerable.Range(0, 5000), number => number);
        await redis.Db.SortedSetAddAsync("dead", """{"class":"Pay","args":["4321*?["],"jid":"9*?["}""", 1);
        var set = Inspector(redis).DeadSet;

        Assert.Equal(4321, (await set.Find("4321"))!.Score);
        Assert.Equal("9*?[", (await set.Find("9*?["))!.Job!.Jid);
        Assert.Null(await set.Find("77777"));
    }

    [Fact]
    public async Task All_are_retried_killed_or_cleared()
    {
        await using var redis = await RedisServer.Lease();
        await Seed(redis, "retry", Enumerable.Range(0, 250), number => number);
        await redis.SeedRetrySet("no job", DateTimeOffset.UnixEpoch);
        await Seed(redis, "schedule", Enumerable.Range(0, 250), number => number);
        var inspector = Inspector(redis);

        Assert.Equal(250, await inspector.RetrySet.RetryAll());
        Assert.Equal(250, await inspector.ScheduledSet.KillAll());
        Assert.Equal(0, await inspector.ScheduledSet.RetryAll());

        Assert.Equal("no job", Assert.Single(await redis.RetrySet()).Job);
        Assert.Equal(250, await redis.Db.ListLengthAsync("queue:work"));
        Assert.Equal(250, await inspector.DeadSet.Count());
        Assert.Equal(250, await inspector.DeadSet.Clear());
        Assert.Equal(0, await inspector.DeadSet.Clear());
    }

    [Fact]
    public async Task Retry_of_a_job_whose_queue_is_something_else_says_so_and_loses_nothing()
    {
        await using var redis = await RedisServer.Lease();
        await Seed(redis, "retry", [1], _ => 5);
        await redis.Db.StringSetAsync("queue:work", "no list");
        var set = Inspector(redis).RetrySet;
        var entry = await First(set);

        var refused = await Assert.ThrowsAsync<SidekiqRedisException>(() => set.Retry(entry));

        Assert.Contains("which stays in Retry: WRONGTYPE", refused.Message, StringComparison.Ordinal);
        Assert.Single(await redis.RetrySet());
    }

    [Fact]
    public async Task Entries_before_a_time_are_counted()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedRetrySet(Job(1), Now.AddSeconds(-61));
        await redis.SeedRetrySet(Job(2), Now);
        await redis.SeedRetrySet(Job(3), Now.AddSeconds(1));
        var retries = Inspector(redis).RetrySet;

        Assert.Equal(1, await retries.Count(Now));
        Assert.Equal(2, await retries.Count(Now.AddSeconds(1)));
        Assert.Equal(0, await Inspector(redis).DeadSet.Count(Now));
    }

    internal static SidekiqInspector Inspector(RedisDatabase redis) => new(Host(redis));

    internal static BusRuntime Host(RedisDatabase redis)
    {
        var host = new SidekiqBusConfiguration().Host;
        host.Settings.Apply(redis.Url);
        host.Runtime.Clock = new FakeClock(Now);
        return host.Runtime;
    }

    static string Job(int number) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"class":"Pay","args":[{{number}}],"queue":"work","jid":"{{number}}"}"""
        );

    static Task Seed(RedisDatabase redis, string set, IEnumerable<int> numbers, Func<int, double> score) =>
        redis.Db.SortedSetAddAsync(set, [.. numbers.Select(number => new SortedSetEntry(Job(number), score(number)))]);

    static async Task<SidekiqEntry> First(ISidekiqJobSet set) => (await All(set))[0];

    static async Task<List<SidekiqEntry>> All(ISidekiqJobSet set)
    {
        var all = new List<SidekiqEntry>();
        await foreach (var entry in set.Entries())
        {
            all.Add(entry);
        }

        return all;
    }

    static async Task<long> BytesSent(RedisDatabase redis)
    {
        var info = (string)(await redis.Db.ExecuteAsync("INFO", "stats"))!;
        var line = info.Split('\n')
            .Single(line => line.StartsWith("total_net_output_bytes:", StringComparison.Ordinal));
        return long.Parse(line.Split(':')[1], CultureInfo.InvariantCulture);
    }
}
