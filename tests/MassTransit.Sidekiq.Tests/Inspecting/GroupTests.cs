using System.Globalization;

namespace MassTransit.Sidekiq.Tests.Inspecting;

public class GroupTests
{
    static readonly DateTimeOffset start = TestClock.Today;

    [Fact]
    public async Task Failures_are_grouped_by_class_and_error_the_largest_group_first()
    {
        await using var redis = await RedisServer.Lease();
        await Seed(redis, "Pay", "Timeout", 1, 2, 5);
        await Seed(redis, "Pay", "Refused", 3);
        await Seed(redis, "Ship", "Timeout", 4);
        await redis.SeedRetrySet("no job", start.AddMinutes(6));

        var groups = await JobSetTests.Inspector(redis).RetrySet.Groups();

        Assert.Equal((6, true), (groups.Seen, groups.IsComplete));
        Assert.Equal(
            [(null, null, 1), ("Pay", "Refused", 1), ("Ship", "Timeout", 1)],
            groups.Groups.Skip(1).Select(group => (group.Class, group.ErrorClass, group.Count))
        );
        Assert.Equal(new SidekiqGroup("Pay", "Timeout", 3, start.AddMinutes(1), start.AddMinutes(5)), groups.Groups[0]);
    }

    [Fact]
    public async Task Last_failure_of_a_group_is_that_of_its_latest_retry_and_its_message_the_one_it_had()
    {
        await using var redis = await RedisServer.Lease();
        var (first, second) = (start.ToUnixTimeSeconds(), start.AddMinutes(1).ToUnixTimeSeconds());
        await redis.SeedRetrySet(
            $$"""{"class":"Pay","args":[],"jid":"1","error_class":"Timeout","error_message":"again","failed_at":{{first}}.0,"retried_at":{{second + 600}}.0}""",
            start.AddHours(1)
        );
        await redis.SeedRetrySet(
            $$"""{"class":"Pay","args":[],"jid":"2","error_class":"Timeout","error_message":"once","failed_at":{{second}}.0}""",
            start.AddHours(2)
        );

        var group = Assert.Single((await JobSetTests.Inspector(redis).RetrySet.Groups()).Groups);

        Assert.Equal((start, start.AddMinutes(11), "again"), (group.First, group.Last, group.ErrorMessage));
    }

    [Fact]
    public async Task No_more_entries_are_read_than_were_asked_for_and_these_are_the_newest()
    {
        await using var redis = await RedisServer.Lease();
        await Seed(redis, "Pay", "Timeout", [.. Enumerable.Range(1, 250)]);

        var groups = await JobSetTests.Inspector(redis).RetrySet.Groups(most: 200);

        Assert.Equal((200, false), (groups.Seen, groups.IsComplete));
        Assert.Equal(start.AddMinutes(51), Assert.Single(groups.Groups).First);
    }

    [Fact]
    public async Task Group_is_moved_killed_or_deleted_and_the_others_stay()
    {
        await using var redis = await RedisServer.Lease();
        await Seed(redis, "Pay", "Timeout", 1, 2);
        await Seed(redis, "Pay", "Refused", 3, 4);
        await Seed(redis, "Ship", "Timeout", 5);
        var inspector = JobSetTests.Inspector(redis);
        var groups = (await inspector.RetrySet.Groups()).Groups;

        Assert.Equal(2, await inspector.RetrySet.RetryAll(Of("Pay", "Timeout")));
        Assert.Equal(2, await inspector.RetrySet.KillAll(Of("Pay", "Refused")));
        Assert.Equal(1, await inspector.RetrySet.DeleteAll(Of("Ship", "Timeout")));

        Assert.Empty(await redis.RetrySet());
        Assert.Equal(2, (await redis.Queue("billing")).Length);
        Assert.Equal(2, (await redis.DeadSet()).Length);

        Func<SidekiqEntry, bool> Of(string jobClass, string error) =>
            groups.Single(group => (group.Class, group.ErrorClass) == (jobClass, error)).Has;
    }

    [Fact]
    public async Task Redis_tells_what_it_is()
    {
        await using var redis = await RedisServer.Lease();

        var server = await JobSetTests.Inspector(redis).Redis();

        Assert.NotNull(Version.Parse(server.Version!));
        Assert.Equal("noeviction", server.EvictionPolicy);
        Assert.True(server.UsedBytes > 0 && server.Clients > 0);
        Assert.Contains(":", server.Address, StringComparison.Ordinal);
    }

    static async Task Seed(RedisDatabase redis, string jobClass, string error, params int[] minutes)
    {
        foreach (var minute in minutes)
        {
            var failedAt = TestClock.Seconds(start.AddMinutes(minute));
            await redis.SeedRetrySet(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $$"""{"class":"{{jobClass}}","args":[],"queue":"billing","jid":"{{jobClass}}{{error}}{{minute}}","error_class":"{{error}}","failed_at":{{failedAt}},"retry_count":0}"""
                ),
                start.AddMinutes(minute)
            );
        }
    }
}
