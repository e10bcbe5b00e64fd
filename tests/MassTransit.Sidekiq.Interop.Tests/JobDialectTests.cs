using System.Globalization;
using System.Text;
using System.Text.Json;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>Ruby finds an entry of a sorted set again by writing it anew, so our text must be the text that Ruby would write.</summary>
public class JobDialectTests
{
    static readonly DateTimeOffset now = TestClock.Start.AddMilliseconds(123);

    [Fact]
    public async Task Ruby_writes_our_jobs_anew_as_the_same_text()
    {
        await using var redis = await RedisServer.Lease();
        var random = new Random(9);
        var jobs = Enumerable.Range(0, 500).Select(_ => AnyJob(random)).ToArray();
        await redis.SeedQueue("orders", jobs);

        var changed = await Ruby.Eval(
            redis,
            "Sidekiq.redis { |c| c.lrange('queue:orders', 0, -1) }.map { |job| [job, JSON.generate(JSON.parse(job))] }.reject { |a, b| a == b }.first(3)"
        );

        Assert.Equal("[]", changed.GetRawText());
    }

    [Fact]
    public async Task Web_UI_moves_our_scheduled_job_instead_of_doubling_it()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedScheduledSet(AnyJob(new Random(1), enqueuedAt: null), now);

        await Ruby.Eval(redis, "Sidekiq::ScheduledSet.new.first.reschedule(Time.at(4_000_000_000))");

        Assert.Equal(4_000_000_000, Assert.Single(await redis.ScheduledSet()).Score, tolerance: 1);
    }

    [Fact]
    public async Task Web_UI_shows_our_failure_and_runs_the_job_again()
    {
        await using var redis = await RedisServer.Lease();
        var job = SidekiqJob.Parse(
            Encoding.UTF8.GetBytes(
                $$"""{"retry":true,"queue":"orders","backtrace":true,"args":[],"class":"OkJob","jid":"1","created_at":{{TestClock.Pushed}}}"""
            ),
            "orders"
        );
        var failed = new JobFailure(new RetrySchedule(new Random(1))).Decide(
            job,
            Thrown(),
            now,
            new JobFailureOptions()
        );
        await redis.SeedRetrySet(Encoding.UTF8.GetString(failed.Json.Span), now);

        var shown = await Ruby.Eval(
            redis,
            "entry = Sidekiq::RetrySet.new.first; [entry['error_class'], entry['error_message'], entry['failed_at'], entry.error_backtrace[0]]"
        );
        await Ruby.Eval(redis, "Sidekiq::RetrySet.new.first.retry");

        Assert.Equal("System.InvalidOperationException", shown[0].GetString());
        Assert.Equal("boom é", shown[1].GetString());
        Assert.Equal(now, DateTimeOffset.UnixEpoch.AddSeconds(shown[2].GetDouble()), TimeSpan.FromMicroseconds(1));
        Assert.StartsWith(
            "at MassTransit.Sidekiq.Interop.Tests.JobDialectTests.Thrown()",
            shown[3].GetString(),
            StringComparison.Ordinal
        );
        var pushed = SidekiqJob.Parse(Encoding.UTF8.GetBytes(Assert.Single(await redis.Queue("orders"))), "orders");
        Assert.Equal(-1, pushed.RetryCount);
        Assert.Equal(now, pushed.FailedAt);
    }

    [Fact]
    public async Task Job_that_Ruby_pushed_is_read()
    {
        await using var redis = await RedisServer.Lease();
        await Ruby.Eval(
            redis,
            "Sidekiq::Client.push('class' => 'A::B', 'queue' => 'orders', 'args' => [{ 'total' => 10.5, 'text' => \"é😀\\u2028\" }], 'retry' => 3, 'tags' => ['x'], 'backtrace' => 2, 'retry_for' => 60, 'cattr' => { 'user_id' => 42 })"
        );

        var job = SidekiqJob.Parse(Encoding.UTF8.GetBytes(Assert.Single(await redis.Queue("orders"))), "orders");

        Assert.Equal("A::B", job.Class);
        Assert.Equal(SidekiqRetry.Times(3), job.Retry);
        Assert.Equal(["x"], job.Tags);
        Assert.Equal(SidekiqBacktrace.First(2), job.Backtrace);
        Assert.Equal(TimeSpan.FromMinutes(1), job.RetryFor);
        Assert.Equal(["cattr"], job.UnknownFields.Select(field => field.Key));
        Assert.NotNull(job.CreatedAt);
        Assert.True(job.EnqueuedAt >= job.CreatedAt);
        Assert.Equal("[{\"total\":10.5,\"text\":\"é😀\u2028\"}]", Encoding.UTF8.GetString(job.Args.Span));
    }

    static string AnyJob(Random random) => AnyJob(random, now);

    static string AnyJob(Random random, DateTimeOffset? enqueuedAt)
    {
        var text = JsonSerializer.SerializeToUtf8Bytes(
            new object[] { AnyMessage(random) },
            JobBody.Create(SidekiqNaming.SnakeCase)
        );
        return Encoding.UTF8.GetString(
            JobWriter.Write(
                new JobDraft
                {
                    Class = "OkJob",
                    Args = text,
                    Options = new JobOptions
                    {
                        Retry = random.Next(30),
                        Tags = [AnyText(random)],
                        Other = new Dictionary<string, object?>
                        {
                            ["custom"] = AnyNumber(random),
                            ["text"] = AnyText(random),
                        },
                    },
                    CreatedAt = now.AddMicroseconds(random.Next()),
                    EnqueuedAt = enqueuedAt?.AddMicroseconds(random.Next()),
                    Metadata = new JobMetadata
                    {
                        MessageId = Guid.NewGuid(),
                        MessageTypes = ["urn:message:Shop:Order"],
                        ExpiresAt = now.AddMicroseconds(random.Next()),
                        Headers = new Dictionary<string, object?> { [AnyText(random)] = AnyNumber(random) },
                    },
                },
                "orders",
                JobId.From(Guid.NewGuid())
            )
        );
    }

    static Message AnyMessage(Random random) =>
        new(
            AnyText(random),
            AnyNumber(random),
            (float)random.NextDouble(),
            random.Next(1, 1000) / 8m,
            random.NextInt64(),
            now,
            [AnyNumber(random), 0, 1]
        );

    static double AnyNumber(Random random)
    {
        var number = random.NextDouble() * Math.Pow(10, random.Next(-12, 25));
        return random.Next(3) == 0
            ? Math.Round(number)
            : double.Parse(number.ToString("G6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }

    static string AnyText(Random random)
    {
        string[] parts =
        [
            "a",
            "é",
            "😀",
            "\u2028",
            "/",
            "<'&>",
            "\"",
            "\\",
            "\n\t\b\f\r",
            "\u0001\u001f\u007f",
            "\u200d",
            "漢",
            "\ufeff",
        ];
        return string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => parts[random.Next(parts.Length)]));
    }

    static InvalidOperationException Thrown()
    {
        try
        {
            throw new InvalidOperationException("boom é");
        }
        catch (InvalidOperationException exception)
        {
            return exception;
        }
    }

    internal sealed record Message(
        string Text,
        double Number,
        float Ratio,
        decimal Amount,
        long Count,
        DateTimeOffset At,
        double[] Numbers
    );
}
