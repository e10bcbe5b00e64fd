using System.Net;

namespace MassTransit.Sidekiq.Dashboard.Tests;

// What visitors send that no page of the dashboard would: it is refused with a reason, and nothing grows by it.
public class LimitTests
{
    [Fact]
    public async Task Form_with_more_fields_than_the_server_reads_is_refused_with_the_reason()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedRetrySet(Jobs.Of("Pay", "1"), TestClock.Start);
        await using var site = await Site.Open(redis);
        var token = await site.Token("sidekiq/retries");
        (string, string)[] fields = [.. Enumerable.Range(0, 2000).Select(key => ("entry", $"{key}-a"))];

        using var answer = await site.Send(
            "sidekiq/retries",
            token,
            "same-origin",
            [("action", "delete-all"), .. fields]
        );

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(
            "larger than this server reads",
            await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
        Assert.Single(await redis.RetrySet());
    }

    [Fact]
    public async Task What_a_visitor_sends_is_one_line_of_the_log_however_long_it_is()
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(redis);

        await site.Post("sidekiq/periodic", ("action", "run"), ("id", "a\r\n6000 admin on the dashboard: nothing"));
        await site.Post("sidekiq/periodic", ("action", "run"), ("id", new string('a', 1_000_000)));

        Assert.Equal(2, site.Log.Count);
        Assert.All(site.Log, line => Assert.DoesNotContain('\n', line));
        Assert.All(site.Log, line => Assert.InRange(line.Length, 0, 5000));
    }

    [Fact]
    public async Task Notice_is_cut_to_what_fits_into_a_header()
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(redis);

        var told = await site.Post("sidekiq/periodic", ("action", "run"), ("id", new string('a', 100_000)));

        Assert.InRange(told.Length, 100, 501);
    }

    [Fact]
    public async Task Job_is_cancelled_by_a_jid_of_usual_length_only_since_its_mark_is_kept()
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(redis);
        var api = await Api.Of(site);

        Assert.Contains(
            "1000000 characters, and 255 are the most",
            await site.Post("sidekiq/running", ("action", "cancel"), ("jid", new string('a', 1_000_000))),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "by its jid",
            await api.Fails(HttpStatusCode.BadRequest, HttpMethod.Post, "running/cancel", """{"jid":""}"""),
            StringComparison.Ordinal
        );

        Assert.DoesNotContain(await redis.Keys(), key => key.StartsWith("it-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Job_that_is_not_found_is_not_said_to_have_ended()
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(redis);

        Assert.Contains(
            "is asked to stop when it runs",
            await site.Post("sidekiq/running", ("action", "cancel"), ("jid", "1")),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Visitor_whose_address_ends_with_a_slash_is_led_back_to_the_list()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedRetrySet(Jobs.Of("Pay", "1"), TestClock.Start);
        await using var site = await Site.Open(redis);
        var path = Links.Of(await site.Page("sidekiq/retries"), "/sidekiq/retries/").First() + "/";

        using var done = await site.Send(
            path,
            await site.Token(path),
            "same-origin",
            ("action", "edit"),
            ("args", "[]")
        );

        Assert.StartsWith("/sidekiq/retries?done=", done.Headers.Location!.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("retries/retry", """{"entry":["1-\ud800"]}""")]
    [InlineData("retries/retry", """{"\ud800":1}""")]
    [InlineData("running/cancel", """{"jid":"\udc00"}""")]
    [InlineData("retries/retry-group", """{"class":"\ud800","error":null}""")]
    public async Task Body_with_half_a_surrogate_pair_is_no_fault_of_the_application(string path, string body)
    {
        await using var redis = await RedisServer.Lease();
        await using var site = await Site.Open(redis);

        await (await Api.Of(site)).Fails(HttpStatusCode.BadRequest, HttpMethod.Post, path, body);
    }

    [Theory]
    [InlineData(0, "'id' has 0 ids")]
    [InlineData(1000, null)]
    [InlineData(1001, "'id' has 1001 ids")]
    public void Messages_of_an_outbox_are_chosen_by_the_thousand(int count, string? fault) =>
        Assert.StartsWith(fault ?? "", new SetAsideBody(new long[count]).Fault ?? "", StringComparison.Ordinal);
}
