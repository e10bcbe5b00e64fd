using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using MassTransit.Testing;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests;

/// <summary>What another client may have pushed. Each text has its end, and the job behind it runs.</summary>
public sealed class BadInputTests(ITestOutputHelper output)
{
    const string Jid = "\"jid\":\"6a53acef47bc238203ae6a7e\"";
    const string Class = "\"class\":\"MassTransit::Sidekiq::Tests::Parcel\"";
    const string Good = "{" + Class + ",\"args\":[{\"id\":1}]," + Jid + "}";

    // The rows say the same in every run, so that runners which look for tests first find them again.
    const string Second = "(the second)";
    const string SecondInText = "(the second in ISO 8601)";

    public static TheoryData<string, string> NoJobs =>
        new()
        {
            { "invalid JSON", "{not json" },
            { "nothing", "" },
            { "a JSON array", "[1,2,3]" },
            { "a JSON number", "42" },
            { "a JSON text", "\"text\"" },
            { "null", "null" },
            { "a byte order mark", "\uFEFF" + Good },
            { "NaN", Good.Replace(":1}", ":NaN}", StringComparison.Ordinal) },
            { "two objects", Good + Good },
            { "depth 101", Nested(101) },
        };

    public static TheoryData<string, string> MisfittingJobs =>
        new()
        {
            { "an empty object", "{}" },
            { "no class", "{\"args\":[{\"id\":1}]," + Jid + "}" },
            { "a class that is no text", "{\"class\":5,\"args\":[{\"id\":1}]}" },
            { "an unknown class", "{\"class\":\"Nobody::Knows\",\"args\":[{\"id\":1}]," + Jid + "}" },
            { "no args", "{" + Class + "," + Jid + "}" },
            { "null args", "{" + Class + ",\"args\":null," + Jid + "}" },
            { "args that are an object", "{" + Class + ",\"args\":{\"id\":1}," + Jid + "}" },
            { "two args", "{" + Class + ",\"args\":[{\"id\":1},2]," + Jid + "}" },
            { "a number for an object", "{" + Class + ",\"args\":[1]," + Jid + "}" },
            { "a text for a number", "{" + Class + ",\"args\":[{\"id\":\"x\"}]," + Jid + "}" },
            { "no jid and a misfit", "{" + Class + ",\"args\":[\"é\"]}" },
        };

    public static TheoryData<string, string> OddJobs =>
        new()
        {
            { "depth 100", Nested(100) },
            {
                "5 MB",
                Good.Replace(
                    "\"id\":1",
                    $"\"id\":1,\"note\":\"{new string('x', 5_000_000)}\"",
                    StringComparison.Ordinal
                )
            },
            { "no jid", "{" + Class + ",\"args\":[{\"id\":1}]}" },
            {
                "a GUID for a jid",
                Good.Replace(
                    "6a53acef47bc238203ae6a7e",
                    "d5ee9ae8-6a3c-4f0e-9f5a-3f6d8e1b2c4d",
                    StringComparison.Ordinal
                )
            },
            { "a number for a jid", Good.Replace("\"6a53acef47bc238203ae6a7e\"", "17", StringComparison.Ordinal) },
            { "milliseconds", Timed(Second + "339") },
            { "seconds", Timed(Second) },
            { "float seconds", Timed(Second + ".339149") },
            { "text times", Timed("\"" + SecondInText + "\"") },
            { "text of seconds", Timed("\"" + Second + ".339149\"") },
            { "a comment, spaces and a key twice", "/* x */ { \"args\" : [ 0 ],\n " + Good[1..] },
            { "an mt that is no object", "{\"mt\":7," + Good[1..] },
            { "tags that are a text", "{\"tags\":\"x\"," + Good[1..] },
        };

    [Theory]
    [MemberData(nameof(NoJobs))]
    public async Task Text_that_is_no_job_is_dead_unchanged(string what, string text)
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Run(redis, Encoding.UTF8.GetBytes(text));

        var dead = Assert.Single(await redis.DeadSet());
        Assert.True(text == dead.Job, what);
        Assert.Empty(await redis.RetrySet());
        await AssertNothingIsClaimed(redis);
    }

    [Theory]
    [MemberData(nameof(MisfittingJobs))]
    public async Task Job_that_fits_no_consumer_is_tried_again_later(string what, string text)
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Run(redis, Encoding.UTF8.GetBytes(text));

        var job = JsonElement.Parse(Assert.Single(await redis.RetrySet()).Job);
        Assert.Equal(0, job.GetProperty("retry_count").GetInt32());
        Assert.NotEmpty(job.GetProperty("error_message").GetString()!);
        Assert.Equal("parcels", job.GetProperty("queue").GetString());
        foreach (var field in JsonElement.Parse(text).EnumerateObject())
        {
            Assert.Equal($"{what} {field}", $"{what} \"{field.Name}\":{job.GetProperty(field.Name).GetRawText()}");
        }

        Assert.Empty(await redis.DeadSet());
        await AssertNothingIsClaimed(redis);
    }

    [Theory]
    [InlineData("unknown_class", "Nobody::Knows", "{\"class\":\"Nobody::Knows\",\"args\":[{\"id\":1}]}")]
    [InlineData("arguments", "MassTransit::Sidekiq::Tests::Parcel", "{" + Class + ",\"args\":[{\"id\":1},2]}")]
    [InlineData("no_job", "none", "{not json")]
    public async Task Job_that_nobody_understands_is_counted_by_its_class(string reason, string jobClass, string text)
    {
        await using var redis = await RedisServer.Lease();
        var counted = new ConcurrentQueue<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Name == "sidekiq.jobs.unreadable")
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>(
            (_, count, tags, _) =>
                counted.Enqueue($"{count} {string.Join(' ', tags.ToArray().Select(tag => tag.Value))}")
        );
        listener.Start();

        await using var bus = await Run(redis, Encoding.UTF8.GetBytes(text));

        Assert.Contains($"1 {reason} {jobClass} parcels", counted);
    }

    [Theory]
    [MemberData(nameof(OddJobs))]
    public async Task Job_in_an_odd_form_runs(string what, string text)
    {
        await using var redis = await RedisServer.Lease();
        var second = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        var isTimed = text.Contains("(the second", StringComparison.Ordinal);
        text = text.Replace(Second, $"{second.ToUnixTimeSeconds()}", StringComparison.Ordinal)
            .Replace(
                SecondInText,
                second.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
                StringComparison.Ordinal
            );
        var jobs = new List<SidekiqJob>();
        await using var bus = await Run(redis, Encoding.UTF8.GetBytes(text), jobs);

        var job = Assert.Single(jobs);
        Assert.Equal(text, job.RawJson);
        if (isTimed)
        {
            Assert.InRange(job.CreatedAt!.Value, second, second.AddSeconds(1));
            Assert.InRange(job.EnqueuedAt!.Value, second, second.AddSeconds(1));
        }

        Assert.Empty(await redis.RetrySet());
        Assert.True((await redis.DeadSet()).Length == 0, what);
        await AssertNothingIsClaimed(redis);
    }

    [Fact]
    public async Task Job_with_invalid_UTF8_runs_with_a_sign_for_what_is_no_letter()
    {
        await using var redis = await RedisServer.Lease();
        var text = Encoding.UTF8.GetBytes(
            Good.Replace("\"id\":1", "\"id\":1,\"note\":\"???\"", StringComparison.Ordinal)
        );
        byte[] broken = [0xC3, 0x28, 0xFF];
        broken.CopyTo(text, text.AsSpan().IndexOf("???"u8));
        var parcels = new List<Parcel>();

        await using var bus = await Run(redis, text, parcels: parcels);

        Assert.Equal("\uFFFD(\uFFFD", Assert.Single(parcels).Note);
        Assert.Empty(await redis.RetrySet());
        Assert.Empty(await redis.DeadSet());
        await AssertNothingIsClaimed(redis);
    }

    // Works on the text, and then on a good job behind it.
    async Task<TestBus> Run(
        RedisDatabase redis,
        byte[] text,
        List<SidekiqJob>? jobs = null,
        List<Parcel>? parcels = null
    )
    {
        var behind = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await redis.Db.ListLeftPushAsync(
            "queue:parcels",
            [(RedisValue)text, Good.Replace(":1}", ":2}", StringComparison.Ordinal)]
        );
        var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "parcels",
                    e =>
                    {
                        e.ConcurrentMessageLimit = 1;
                        e.Handler<Parcel>(context =>
                        {
                            if (context.Message.Id == 2)
                            {
                                behind.SetResult();
                            }
                            else
                            {
                                jobs?.Add(context.GetJob());
                                parcels?.Add(context.Message);
                            }

                            return Task.CompletedTask;
                        });
                    }
                )
        );

        await behind.Task.InTime();
        await bus.Harness.Stop();
        return bus;
    }

    static async Task AssertNothingIsClaimed(RedisDatabase redis) =>
        Assert.DoesNotContain(
            await redis.Keys(),
            key => key == "queue:parcels" || key.StartsWith("mt:working:", StringComparison.Ordinal)
        );

    static string Timed(string time) => "{\"created_at\":" + time + ",\"enqueued_at\":" + time + "," + Good[1..];

    // The job, its args and the message are three levels.
    static string Nested(int depth) =>
        Good.Replace(
            "\"id\":1",
            $"\"id\":1,\"deep\":{new string('[', depth - 3)}{new string(']', depth - 3)}",
            StringComparison.Ordinal
        );
}

public sealed record Parcel(int Id, string? Note = null);
