using System.Net;

namespace MassTransit.Sidekiq.Dashboard.Tests;

public class EditActionTests
{
    [Fact]
    public async Task Edit_that_does_not_fit_shows_why_with_what_was_typed_and_the_right_one_is_retried()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedRetrySet(Jobs.Failed("Pay", "1", "Refused", args: """["4 EUR"]"""), TestClock.Start);
        await using var site = await Site.Open(
            redis,
            new SiteOptions { Configure = cfg => cfg.Job<PayBill>(_ => { }) }
        );
        var path = Links.Of(await site.Page("sidekiq/retries"), "/sidekiq/retries/").First();
        var page = await site.Page(path);
        Assert.Contains("checked against PayBill", page, StringComparison.Ordinal);

        var token = await site.Token(path);
        using var refused = await site.Send(path, token, "same-origin", ("action", "edit"), ("args", "[\"5 <EUR>\"]"));
        var again = await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Contains("does not fit PayBill", again, StringComparison.Ordinal);
        Assert.Contains("[&quot;5 &lt;EUR&gt;&quot;]</textarea>", again, StringComparison.Ordinal);
        Assert.Contains("<details open", again, StringComparison.Ordinal);
        Assert.Single(await redis.RetrySet());

        using var done = await site.Send(path, token, "same-origin", ("action", "edit"), ("args", "[\r\n  5\r\n]"));
        Assert.StartsWith("/sidekiq/retries?done=", done.Headers.Location!.ToString(), StringComparison.Ordinal);
        Assert.Contains("\"args\":[5],", Assert.Single(await redis.Queue("billing")), StringComparison.Ordinal);
        using var late = await site.Send(path, token, "same-origin", ("action", "edit"), ("args", "[6]"));
        Assert.Contains("has%20left", late.Headers.Location!.ToString(), StringComparison.Ordinal);
        Assert.Single(await redis.Queue("billing"));
        Assert.Contains(
            "edit and retry retries",
            Assert.Single(site.Log, line => line[..4] == "6000"),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(site.Log, line => line.Contains("EUR", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Job_of_a_class_that_only_Ruby_knows_is_checked_to_be_JSON()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedDeadSet(Jobs.Failed("Pay", "1", "Refused", args: "[1]"), TestClock.Start);
        await using var site = await Site.Open(redis);
        var path = Links.Of(await site.Page("sidekiq/dead"), "/sidekiq/dead/").First();

        Assert.Contains("only the JSON is checked", await site.Page(path), StringComparison.Ordinal);
        var token = await site.Token(path);
        using var refused = await site.Send(path, token, "same-origin", ("action", "edit"), ("args", "{}"));

        Assert.Contains(
            "not an array",
            await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
        Assert.Single(await redis.DeadSet());
    }

    [Fact]
    public async Task Redacted_job_hides_its_tags_and_cannot_be_edited()
    {
        await using var redis = await RedisServer.Lease();
        var job = Jobs.Of("Pay", "1", """["secret"]""", ",\"tags\":[\"vip\"]");
        await redis.SeedRetrySet(job, TestClock.Start);
        await redis.SeedQueue("billing", job);
        await using var site = await Site.Open(
            redis,
            new SiteOptions { Dashboard = options => options.Redact = job => job.Class == "Pay" }
        );
        var list = await site.Page("sidekiq/retries");
        var path = Links.Of(list, "/sidekiq/retries/").First();
        var page = await site.Page(path);

        Assert.DoesNotContain("vip", list + page + await site.Page("sidekiq/queues/billing"), StringComparison.Ordinal);
        Assert.DoesNotContain("<textarea", page, StringComparison.Ordinal);
        var token = await site.Token(path);
        using var refused = await site.Send(path, token, "same-origin", ("action", "edit"), ("args", "[1]"));

        Assert.Contains(
            "cannot be edited here",
            await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
        Assert.Equal(job, Assert.Single(await redis.RetrySet()).Job);
    }

    [Fact]
    public async Task Job_with_a_secret_shows_the_rest_and_cannot_be_edited_or_found_by_it()
    {
        await using var redis = await RedisServer.Lease();
        var job = Jobs.Of("Billing::Charge", "1", """[{"order":"A-7","card":"4111"}]""");
        await redis.SeedRetrySet(job, TestClock.Start);
        await using var site = await Site.Open(
            redis,
            new SiteOptions { Configure = cfg => cfg.Job<Charge>(message => message.Retry(1)) }
        );
        var list = await site.Page("sidekiq/retries");
        var path = Links.Of(list, "/sidekiq/retries/").First();
        var page = await site.Page(path);
        var json = await site.Page("sidekiq/api" + path[path.IndexOf("/retries", StringComparison.Ordinal)..]);

        Assert.Contains("A-7", page, StringComparison.Ordinal);
        Assert.Contains("[hidden]", list, StringComparison.Ordinal);
        Assert.Contains("[hidden]", json, StringComparison.Ordinal);
        Assert.DoesNotContain("4111", list + page + json, StringComparison.Ordinal);
        Assert.DoesNotContain("<textarea", page, StringComparison.Ordinal);
        Assert.Contains("Nothing that waits", await site.Page("sidekiq/search?q=4111"), StringComparison.Ordinal);
        Assert.Contains("1 job has", await site.Page("sidekiq/search?q=A-7"), StringComparison.Ordinal);
        var token = await site.Token(path);
        using var refused = await site.Send(path, token, "same-origin", ("action", "edit"), ("args", "[1]"));
        Assert.Contains(
            "cannot be edited here",
            await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
        Assert.Equal(job, Assert.Single(await redis.RetrySet()).Job);
    }

    [SidekiqJob("Billing::Charge")]
    internal sealed record Charge(string Order, [SidekiqSecret] string Card);

    [Fact]
    public async Task Chosen_jobs_go_to_another_queue_now_or_when_their_time_comes()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedScheduledSet(Jobs.Of("Pay", "1", """["secret"]"""), TestClock.Start);
        await redis.SeedScheduledSet(Jobs.Of("Pay", "2"), TestClock.Start.AddMinutes(1));
        await using var site = await Site.Open(redis);
        var keys = Links.Keys(await site.Page("sidekiq/scheduled")).ToArray();
        Task<string> Post(string action, string queue, string key) =>
            site.Post("sidekiq/scheduled", ("action", action), ("queue", queue), ("entry", key));

        Assert.Equal("1 job moved to queue mail", await Post("send", "mail", keys[0]));
        Assert.Equal("1 job will go to queue slow", await Post("move", "slow", keys[1]));
        Assert.Equal("0 jobs moved to queue mail", await Post("send", "mail", keys[0]));
        Assert.Contains(
            "a space",
            await Post("move", "a b", Links.Keys(await site.Page("sidekiq/scheduled")).Single()),
            StringComparison.Ordinal
        );
        Assert.Contains("Name the queue", await Post("move", "", keys[1]), StringComparison.Ordinal);

        Assert.Contains("\"queue\":\"mail\"", Assert.Single(await redis.Queue("mail")), StringComparison.Ordinal);
        Assert.Equal(
            (Jobs.Of("Pay", "2").Replace("billing", "slow", StringComparison.Ordinal), TestClock.Start.AddMinutes(1)),
            (await redis.ScheduledSet()).Select(entry => (entry.Job, entry.Time)).Single()
        );
        Assert.Contains(site.Log, line => line.Contains("from billing to mail (1 job moved", StringComparison.Ordinal));
        Assert.DoesNotContain(site.Log, line => line.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task One_job_of_a_queue_is_moved_and_all_of_them_by_an_administrator_alone()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("billing", Jobs.Of("Pay", "1"), Jobs.Of("Pay", "2"), Jobs.Of("Pay", "3"));
        await redis.SeedQueue("mail", Jobs.Of("Send", "4"));
        var access = SidekiqDashboardAccess.Act;
        await using var site = await Site.Open(
            redis,
            new SiteOptions { Dashboard = options => options.Access = _ => access }
        );
        const string path = "sidekiq/queues/billing";
        var page = await site.Page(path);

        Assert.Contains("<option value=\"mail\">", page, StringComparison.Ordinal);
        Assert.DoesNotContain("move-all", page, StringComparison.Ordinal);
        var second = Links.Keys(page).ElementAt(1);
        Assert.Equal(
            "The job is moved to queue mail",
            await site.Post(path, ("action", "move"), ("job", second), ("queue", "mail"))
        );
        Assert.Equal(
            "A worker has taken the job",
            await site.Post(path, ("action", "move"), ("job", second), ("queue", "mail"))
        );
        Assert.Contains(
            "may not",
            await site.Post(path, ("action", "move-all"), ("queue", "mail")),
            StringComparison.Ordinal
        );
        access = SidekiqDashboardAccess.Admin;
        Assert.Contains(
            "already",
            await site.Post(path, ("action", "move-all"), ("queue", "billing")),
            StringComparison.Ordinal
        );
        Assert.Equal("2 jobs moved to queue mail", await site.Post(path, ("action", "move-all"), ("queue", "mail")));

        Assert.Empty(await redis.Queue("billing"));
        Assert.Equal(
            new[] { "1", "3" }
                .Prepend("2")
                .Select(jid => Jobs.Of("Pay", jid).Replace("billing", "mail", StringComparison.Ordinal)),
            (await redis.Queue("mail"))[1..]
        );
        Assert.Contains(
            site.Log,
            line => line.Contains("move queue billing to mail (2 jobs", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Job_that_is_further_back_than_was_looked_is_not_said_to_be_taken()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue(
            "billing",
            [.. Enumerable.Range(1, 10_000).Select(number => Jobs.Of("Pay", $"{number}"))]
        );
        await using var site = await Site.Open(redis);
        var last = Links.Keys(await site.Page("sidekiq/queues/billing?page=400")).Last();
        await redis.Db.ListRightPushAsync("queue:billing", Jobs.Of("Pay", "returned"));

        Assert.Contains(
            "or it is further back",
            await site.Post("sidekiq/queues/billing", ("action", "delete"), ("job", last)),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Group_with_an_empty_error_is_not_the_one_without(bool hasError)
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedRetrySet(Jobs.Failed("Pay", "empty", ""), TestClock.Start);
        await redis.SeedRetrySet(Jobs.Of("Pay", "none"), TestClock.Start);
        await using var site = await Site.Open(redis);
        Assert.Contains("name=\"error\" value=\"\"", await site.Page("sidekiq/retries"), StringComparison.Ordinal);
        (string, string)[] group = [("action", "retry-group"), ("class", "Pay")];

        Assert.Equal(
            "1 job moved to their queues",
            await site.Post("sidekiq/retries", hasError ? [.. group, ("error", "")] : group)
        );

        Assert.Contains(
            hasError ? "\"empty\"" : "\"none\"",
            Assert.Single(await redis.Queue("billing")),
            StringComparison.Ordinal
        );
    }
}

[SidekiqJob("Pay", Args = SidekiqArgs.Positional)]
public sealed record PayBill(int Amount);
