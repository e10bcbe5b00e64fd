using System.Globalization;
using System.Net;
using System.Text.Json;

namespace MassTransit.Sidekiq.Dashboard.Tests;

public class ApiActionTests
{
    [Fact]
    public async Task Queue_is_paused_resumed_and_cleared_and_loses_the_job_that_is_deleted()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("billing", Jobs.Of("Pay", "1"), Jobs.Of("Pay", "2"), Jobs.Of("Pay", "3"));
        await using var site = await Site.Open(redis);
        var api = await Api.Of(site);

        await api.Post("queues/billing/pause");
        Assert.True(await redis.Db.SetContainsAsync("paused", "billing"));
        await api.Post("queues/billing/resume", "{}");
        Assert.False(await redis.Db.SetContainsAsync("paused", "billing"));

        var second = (await api.Get("queues/billing")).GetProperty("jobs")[1].GetProperty("key").GetString();
        await api.Post("queues/billing/delete", $$"""{"job":"{{second}}"}""");
        Assert.Contains(
            "taken the job",
            await api.Fails(
                HttpStatusCode.NotFound,
                HttpMethod.Post,
                "queues/billing/delete",
                $$"""{"job":"{{second}}"}"""
            ),
            StringComparison.Ordinal
        );
        Assert.Equal([Jobs.Of("Pay", "1"), Jobs.Of("Pay", "3")], await redis.Queue("billing"));

        Assert.Equal(2, Count(await api.Post("queues/billing/clear")));
        Assert.Empty(await redis.Queue("billing"));
        Assert.Equal(
            [
                "6000 anonymous on the dashboard: pause queue billing (billing is paused)",
                "6000 anonymous on the dashboard: resume queue billing (billing goes on)",
                $"6000 anonymous on the dashboard: delete job {second} (The job is removed)",
                "6001 anonymous on the dashboard: delete job at /api/queues/billing/delete failed (A worker has taken the job)",
                "6000 anonymous on the dashboard: clear queue billing (2 jobs removed)",
            ],
            site.Log
        );
    }

    [Theory]
    [InlineData("retries", "retry", 1, 0)]
    [InlineData("retries", "kill", 0, 1)]
    [InlineData("retries", "delete", 0, 0)]
    [InlineData("scheduled", "retry", 1, 0)]
    [InlineData("scheduled", "kill", 0, 1)]
    [InlineData("scheduled", "delete", 0, 0)]
    public async Task Chosen_jobs_a_group_and_a_whole_set_are_moved(string set, string action, int queued, int dead)
    {
        await using var redis = await RedisServer.Lease();
        for (var i = 0; i < 4; i++)
        {
            var job = Jobs.Failed(i < 2 ? "Pay" : "Ship", $"{i}", "Timeout");
            await (
                set == "retries"
                    ? redis.SeedRetrySet(job, TestClock.Start.AddSeconds(i))
                    : redis.SeedScheduledSet(job, TestClock.Start.AddSeconds(i))
            );
        }

        await using var site = await Site.Open(redis);
        var api = await Api.Of(site);
        var key = (await api.Get(set)).GetProperty("jobs")[0].GetProperty("key").GetString();
        var chosen = $$"""{"entry":["{{key}}"]}""";

        Assert.Equal(1, Count(await api.Post($"{set}/{action}", chosen)));
        Assert.Equal(0, Count(await api.Post($"{set}/{action}", chosen)));
        Assert.Equal(1, Count(await api.Post($"{set}/{action}-group", """{"class":"Pay","error":"Timeout"}""")));
        Assert.Equal(2, Count(await api.Post($"{set}/{action}-all")));

        Assert.Equal(
            (0, 4 * queued, 4 * dead),
            (
                (await redis.RetrySet()).Length + (await redis.ScheduledSet()).Length,
                (await redis.Queue("billing")).Length,
                (await redis.DeadSet()).Length
            )
        );
    }

    [Fact]
    public async Task Dead_jobs_are_retried_and_removed_and_cannot_be_killed()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedDeadSet(Jobs.Failed("Pay", "1", "Timeout"), TestClock.Start);
        await redis.SeedDeadSet("no job", TestClock.Start);
        await using var site = await Site.Open(redis);
        var api = await Api.Of(site);

        Assert.Equal(1, Count(await api.Post("dead/retry-all")));
        Assert.Equal(1, Count(await api.Post("dead/delete-group", """{"class":null,"error":null}""")));
        Assert.Contains(
            "no POST /api/dead/kill-all",
            await api.Fails(HttpStatusCode.NotFound, HttpMethod.Post, "dead/kill-all"),
            StringComparison.Ordinal
        );

        Assert.Single(await redis.Queue("billing"));
        Assert.Empty(await redis.DeadSet());
    }

    [Fact]
    public async Task Job_is_rescheduled_to_a_time_in_UTC()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedScheduledSet(Jobs.Of("Remind", "1"), TestClock.Start);
        await using var site = await Site.Open(redis);
        var api = await Api.Of(site);
        var key = (await api.Get("scheduled")).GetProperty("jobs")[0].GetProperty("key").GetString();
        var at = TestClock.Start.AddDays(3);
        string Body(string format) =>
            $$"""{"entry":"{{key}}","at":"{{at.ToString(format, CultureInfo.InvariantCulture)}}"}""";

        await api.Post("scheduled/reschedule", Body("yyyy-MM-dd'T'HH:mm:ss'Z'"));
        Assert.Equal(at, Assert.Single(await redis.ScheduledSet()).Time);
        Assert.Contains(
            "has left",
            await api.Fails(HttpStatusCode.NotFound, HttpMethod.Post, "scheduled/reschedule", Body("O")),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Periodic_job_is_run_paused_resumed_and_removed()
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(
            redis,
            new SiteOptions
            {
                Configure = cfg =>
                    cfg.Periodic("nightly", TestClock.CronMonthsAway, "Europe/Berlin", new Failing("tonight")),
            }
        );
        var api = await Api.Of(site);
        await Until(async () => (await List()).GetArrayLength() == 1);
        var body = $$"""{"id":"{{(await List())[0].GetProperty("id").GetString()}}"}""";
        async Task<JsonElement> List() => (await api.Get("periodic")).GetProperty("jobs");

        await api.Post("periodic/run", body);
        await api.Post("periodic/pause", body);
        Assert.True((await List())[0].GetProperty("isPaused").GetBoolean());
        await api.Post("periodic/resume", body);
        Assert.False((await List())[0].GetProperty("isPaused").GetBoolean());
        await api.Post("periodic/remove", body);
        Assert.Equal(0, (await List()).GetArrayLength());
        Assert.NotEmpty(await api.Fails(HttpStatusCode.NotFound, HttpMethod.Post, "periodic/run", body));
    }

    [Fact]
    public async Task Queue_is_subscribed_to_a_topic_and_removed_from_it_and_a_process_is_quieted_and_stopped()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.SetAddAsync("processes", "ruby:1:abc");
        await redis.Db.HashSetAsync(
            "ruby:1:abc",
            [new("info", """{"hostname":"ruby","queues":["billing"]}"""), new("beat", "1"), new("busy", "0")]
        );
        await using var site = await Site.Open(redis);
        var api = await Api.Of(site);

        await api.Post("topics/subscribe", """{"topic":"Shop:Ordered","queue":"ruby","class":"Ship"}""");
        Assert.True(await redis.Db.HashExistsAsync("mt:topic:Shop:Ordered", "ruby|Ship"));
        await api.Post("topics/unsubscribe", """{"topic":"Shop:Ordered","queue":"ruby","class":"Ship"}""");
        Assert.False(await redis.Db.KeyExistsAsync("mt:topic:Shop:Ordered"));
        await api.Post("topics/subscribe", """{"topic":"Shop:Ordered","queue":"ruby"}""");
        Assert.True(await redis.Db.HashExistsAsync("mt:topic:Shop:Ordered", "ruby"));
        Assert.Contains(
            "space",
            await api.Fails(
                HttpStatusCode.BadRequest,
                HttpMethod.Post,
                "topics/subscribe",
                """{"topic":"T","queue":"a b"}"""
            ),
            StringComparison.Ordinal
        );

        await api.Post("running/quiet", """{"identity":"ruby:1:abc"}""");
        await api.Post("running/stop", """{"identity":"ruby:1:abc"}""");
        Assert.Equal(
            ["TERM", "TSTP"],
            (await redis.Db.ListRangeAsync("ruby:1:abc-signals")).Select(signal => signal.ToString())
        );
    }

    [Theory]
    [InlineData("retries/retry", "", "no member 'entry'")]
    [InlineData("retries/retry", "{", "not JSON")]
    [InlineData("retries/retry", "[]", "not an object")]
    [InlineData("retries/retry", """{"entry":"0-0"}""", "$.entry")]
    [InlineData("retries/retry", """{"entry":[null]}""", "key of a job")]
    [InlineData("retries/retry", """{"entry":[]}""", "0 keys")]
    [InlineData("retries/retry", """{"entry":["soon"]}""", "'soon' is not the key")]
    [InlineData("retries/retry", """{"entry":["1-a"],"entry":["1-b"]}""", "not JSON")]
    [InlineData("retries/retry-group", """{"class":"Pay"}""", "no member 'error'")]
    [InlineData("retries/retry-all", """{"action":"delete-all"}""", "member 'action'. This takes no members")]
    [InlineData("retries/reschedule", """{"entry":"1-a","at":"soon"}""", "$.at")]
    [InlineData("queues/billing/delete", """{"job":null}""", "$.job")]
    public async Task Body_that_is_not_what_an_action_takes_changes_nothing(string path, string body, string fault)
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedRetrySet(Jobs.Failed("Pay", "1", "Timeout"), TestClock.Start);
        await using var site = await Site.Open(redis);
        var api = await Api.Of(site);

        Assert.Contains(
            fault,
            await api.Fails(HttpStatusCode.BadRequest, HttpMethod.Post, path, body),
            StringComparison.Ordinal
        );
        Assert.Single(await redis.RetrySet());
        Assert.StartsWith("6001 ", Assert.Single(site.Log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_that_is_too_long_is_refused_with_the_limit()
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(redis);
        var api = await Api.Of(site);
        var body = $$"""{"id":"{{new string('x', 4 << 20)}}"}""";

        Assert.Contains(
            "4 MB",
            await api.Fails(HttpStatusCode.BadRequest, HttpMethod.Post, "periodic/run", body),
            StringComparison.Ordinal
        );
    }

    static long Count(JsonElement answer) => answer.GetProperty("jobs").GetInt64();
}
