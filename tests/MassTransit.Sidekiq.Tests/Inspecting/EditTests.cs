using MassTransit.Sidekiq.Tests.Jobs;
using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests.Inspecting;

public sealed class EditTests
{
    static readonly DateTimeOffset Now = RedisSteps.Now;

    [Fact]
    public async Task Edited_job_is_pushed_with_its_arguments_on_one_line_and_all_else_as_it_was()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedRetrySet(
            """{"x":{"deep":1.50},"class":"Pay","args":[1],"queue":"billing","jid":"a","retry_count":2,"é":"\u00e9"}""",
            Now.AddHours(1)
        );
        var set = JobSetTests.Inspector(redis).RetrySet;
        var entry = await First(set);

        Assert.True(await set.RetryWith(entry, "[\n  2.50, // the amount\n  {\"a b\": [\"\\u00e9 \", null]}\n]"));
        Assert.False(await set.RetryWith(entry, "[3]"));

        Assert.Empty(await redis.RetrySet());
        Assert.StartsWith(
            """{"x":{"deep":1.50},"class":"Pay","args":[2.50,{"a b":["\u00e9 ",null]}],"queue":"billing","jid":"a","retry_count":1,"é":"\u00e9","enqueued_at":""",
            Assert.Single(await redis.Queue("billing")),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Of_edits_retries_and_moves_at_once_one_is_done()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedDeadSet(Job("Pay", "[1]"), Now);
        var set = JobSetTests.Inspector(redis).DeadSet;
        var entry = await First(set);

        var done = await Task.WhenAll(
            set.RetryWith(entry, "[2]"),
            set.Retry(entry),
            set.RetryOn(entry, "mail"),
            set.RetryWith(entry, "[3]")
        );

        Assert.Single(done, one => one);
        Assert.Empty(await redis.DeadSet());
        Assert.Single((await redis.Queue("billing")).Concat(await redis.Queue("mail")));
    }

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData("[1,", "ends too early")]
    [InlineData("[1] [2]", "not JSON from byte 5")]
    [InlineData("{}", "not an array")]
    [InlineData("[\"\\ud800\"]", "surrogate")]
    [InlineData("deep", "deeper than 100 levels")]
    public async Task Text_that_is_not_an_array_of_JSON_is_refused_with_the_reason(string args, string reason)
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedRetrySet(Job("Pay", "[1]"), Now);
        var set = JobSetTests.Inspector(redis).RetrySet;
        var entry = await First(set);
        args = args == "deep" ? new string('[', 100) + new string(']', 100) : args;

        var refused = await Assert.ThrowsAsync<ArgumentException>(() => set.RetryWith(entry, args));

        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.Single(await redis.RetrySet());
    }

    [Theory]
    [InlineData("""["a2f3f0e6-6a7b-4a3d-9c58-3c9d6a6f7e11", 12.5]""", null)]
    [InlineData("[]", "takes at least 2")]
    [InlineData("""["a2f3f0e6-6a7b-4a3d-9c58-3c9d6a6f7e11", 1, "EUR", 2]""", "4 arguments")]
    [InlineData("""["a2f3f0e6-6a7b-4a3d-9c58-3c9d6a6f7e11", {}]""", "an object as args[1] (total)")]
    [InlineData("""["no id", 1]""", "does not fit MakeInvoice")]
    public async Task Arguments_of_a_known_class_have_to_fit_its_message(string args, string? reason)
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedRetrySet(Job("Billing::InvoiceWorker", "[1]"), Now);
        var inspector = Knowing<MakeInvoice>(redis);
        var entry = await First(inspector.RetrySet);

        var edit = () => inspector.RetrySet.RetryWith(entry, args);

        Assert.Equal(new SidekiqArgsCheck("MakeInvoice", null), inspector.ArgsCheck(entry));
        if (reason is null)
        {
            Assert.True(await edit());
        }
        else
        {
            Assert.Contains(
                reason,
                (await Assert.ThrowsAsync<ArgumentException>(edit)).Message,
                StringComparison.Ordinal
            );
            Assert.Single(await redis.RetrySet());
        }
    }

    // Endpoints may take one class as several messages.
    [Theory]
    [InlineData("""[{"orderId": 7}]""", true)]
    [InlineData("""[{"orderId": "a2f3f0e6-6a7b-4a3d-9c58-3c9d6a6f7e11", "total": 1}]""", true)]
    [InlineData("""[{"orderId": "seven"}]""", false)]
    public async Task Arguments_fit_that_fit_any_message_of_the_class(string args, bool isFit)
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedRetrySet(Job("Pay", "[1]"), Now);
        var host = JobSetTests.Host(redis);
        host.Contracts.Job<SubmitOrder>(job => job.Class("Pay"));
        host.Contracts.Job<MakeInvoice>(job => job.Class("Pay").Args(SidekiqArgs.Hash));
        var set = new SidekiqInspector(host).RetrySet;
        var entry = await First(set);

        if (isFit)
        {
            Assert.True(await set.RetryWith(entry, args));
        }
        else
        {
            await Assert.ThrowsAsync<ArgumentException>(() => set.RetryWith(entry, args));
        }
    }

    [Theory]
    [InlineData("""[{"orderId": 7}]""", null)]
    [InlineData("""[{"OrderID": 7}]""", null)]
    [InlineData(
        """[{"orderId": 7, "order_id": 8}]""",
        "has no 'order_id', so its value would be lost. It has 'orderId'"
    )]
    [InlineData("""[{"orderId": "seven"}]""", "$.orderId is a string")]
    [InlineData("[7]", "takes one object")]
    public async Task Message_in_one_object_has_to_fit_as_it_does_for_its_consumer(string args, string? reason) =>
        await Message(args, reason, "{}");

    [Theory]
    [InlineData("""[{"messageId": null, "message": {"orderId": 7}}]""", null)]
    [InlineData("""[{"message": {"orderId": "seven"}}]""", "$.orderId is a string")]
    [InlineData("""[{"orderId": 7}]""", "the message under 'message'")]
    public async Task Message_in_an_envelope_has_to_fit_inside_of_it(string args, string? reason) =>
        await Message(args, reason, """{"ct":"application/vnd.masstransit+json"}""");

    [Theory]
    [InlineData("""{"class":"Pay","args":["x"],"jid":"a","encrypt":true}""", "encrypted by Sidekiq Enterprise")]
    [InlineData("""{"class":"Pay","args":["x"],"mt":{"ct":"application/vnd.test+sealed"}}""", "vnd.test+sealed")]
    [InlineData("""{"class":"Pay","args":["x"],"mt":{"ct":"!"}}""", "stored as '!'")]
    [InlineData("""{"class":"Pay","args":"x"}""", "not a job")]
    [InlineData("no job", "not a job")]
    public async Task What_cannot_be_edited_is_refused_with_the_reason(string job, string reason)
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedRetrySet(job, Now);
        var inspector = JobSetTests.Inspector(redis);
        var entry = await First(inspector.RetrySet);

        var refused = await Assert.ThrowsAsync<ArgumentException>(() => inspector.RetrySet.RetryWith(entry, "[]"));

        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.Contains(reason, inspector.ArgsCheck(entry).Obstacle, StringComparison.Ordinal);
        Assert.Single(await redis.RetrySet());
    }

    static async Task Message(string args, string? reason, string metadata)
    {
        await using var redis = await RedisServer.Lease();
        var inspector = Knowing<SubmitOrder>(redis, out var jobClass);
        await redis.SeedRetrySet(Job(jobClass, "[{}]", $",\"mt\":{metadata}"), Now);
        var entry = await First(inspector.RetrySet);

        var edit = () => inspector.RetrySet.RetryWith(entry, args);

        if (reason is null)
        {
            Assert.True(await edit());
        }
        else
        {
            Assert.Contains(
                reason,
                (await Assert.ThrowsAsync<ArgumentException>(edit)).Message,
                StringComparison.Ordinal
            );
        }
    }

    static SidekiqInspector Knowing<T>(RedisDatabase redis)
        where T : class => Knowing<T>(redis, out _);

    static SidekiqInspector Knowing<T>(RedisDatabase redis, out string jobClass)
        where T : class
    {
        var host = JobSetTests.Host(redis);
        jobClass = host.Contracts.For<T>().Class;
        return new SidekiqInspector(host);
    }

    internal static string Job(string jobClass, string args, string more = "") =>
        $$"""{"class":"{{jobClass}}","args":{{args}},"queue":"billing","jid":"a"{{more}}}""";

    internal static async Task<SidekiqEntry> First(ISidekiqJobSet set)
    {
        await foreach (var entry in set.Entries(cancellationToken: TestContext.Current.CancellationToken))
        {
            return entry;
        }

        throw new InvalidOperationException("The set is empty.");
    }
}
