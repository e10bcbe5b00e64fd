using System.Text.Json;
using System.Text.RegularExpressions;
using Shop;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>What .NET writes, beside what Ruby's own client writes for the same job.</summary>
public sealed partial class GoldenPayloadTests(ITestOutputHelper output)
{
    static readonly string[] ours = ["mt", "traceparent", "tracestate"];

    [Fact]
    public async Task Job_is_what_Ruby_writes_key_by_key()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);

        await bus.Send("default", OrderSubmitted.Any);
        var dotnet = Assert.Single(await redis.Queue("default"));
        var ruby = await PushAgain(redis, "default", "Shop::OrderSubmitted", dotnet);

        AssertSame(ruby, dotnet);
    }

    [Fact]
    public async Task Options_of_a_contract_are_what_Ruby_writes_for_them()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.Job<OrderPaid>(job =>
                    job.Class("Golden")
                        .Retry(5)
                        .Backtrace(3)
                        .Dead(false)
                        .RetryQueue("low")
                        .Tags("alpha", "bêta")
                        .Option("lock", "until_executed")
                )
        );

        await bus.Send("golden", new OrderPaid(1));
        var dotnet = Assert.Single(await redis.Queue("golden"));
        var ruby = await PushAgain(
            redis,
            "golden",
            "Golden",
            dotnet,
            "{retry: 5, backtrace: 3, dead: false, retry_queue: 'low', tags: ['alpha', 'bêta'], lock: 'until_executed'}"
        );

        AssertSame(ruby, dotnet);
    }

    [Fact]
    public async Task Scheduled_job_is_what_Ruby_writes_with_the_same_form_of_score()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);

        await bus.SendLater("default", new OrderPaid(1), TimeSpan.FromHours(1));
        var dotnet = Assert.Single(await redis.ScheduledSet());
        await redis.Db.KeyDeleteAsync("schedule");
        await Ruby.Eval(
            redis,
            $"{Worker("Shop::OrderPaid", "default", "{}")}.set({{}}).perform_in(3600, *JSON.parse(<<~'ARGS'))\n{Args(dotnet.Job)}\nARGS"
        );
        var ruby = Assert.Single(await redis.ScheduledSet());

        AssertSame(ruby.Job, dotnet.Job);
        Assert.InRange(dotnet.Score - ruby.Score, -60, 60);
        Assert.DoesNotContain(Keys(JsonElement.Parse(dotnet.Job)), key => key is "at" or "enqueued_at");
        Assert.NotEqual(dotnet.Score, Math.Floor(dotnet.Score));
    }

    [Fact]
    public async Task Published_job_is_what_Ruby_writes_key_by_key()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.HashSetAsync("mt:topic:Shop:OrderPaid", "größe", "Grün::Worker");
        await using var bus = await TestBus.Start(redis, output);

        await bus.Harness.Bus.Publish(new OrderPaid(1, "x"));
        var dotnet = Assert.Single(await redis.Queue("größe"));
        var ruby = await PushAgain(redis, "größe", "Grün::Worker", dotnet);

        AssertSame(ruby, dotnet);
    }

    [Fact]
    public async Task Numbers_and_text_are_byte_for_byte_what_Ruby_writes()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);
        var numbers = new Numbers(
            [1, 0.1, -0.5, 1e15, 1e16, 1e20, 1.5e-7, 123456789.123456789, 1e-5, double.MaxValue, double.Epsilon],
            [long.MinValue, 0, long.MaxValue],
            ["\u0000\b\f\n\r\t\u001b\u007f", "/<>&'\"\\", "\u2028\u2029", "é😀"]
        );

        await bus.Send("default", numbers);
        var dotnet = Assert.Single(await redis.Queue("default"));
        var ruby = await Ruby.Eval(redis, "JSON.generate(JSON.parse(Sidekiq::Queue.new.first.value)['args'])");

        Assert.Equal(ruby.GetString(), Args(dotnet));
    }

    [Fact]
    public async Task Ruby_writes_a_job_of_NET_back_byte_for_byte()
    {
        // Reschedule in Ruby's API finds an entry by its own text of it; another text would be a second entry.
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);

        await bus.Send("default", OrderSubmitted.Any);
        var ruby = await Ruby.Eval(redis, "Sidekiq.dump_json(Sidekiq.load_json(Sidekiq::Queue.new.first.value))");

        Assert.Equal(Assert.Single(await redis.Queue("default")), ruby.GetString());
    }

    // The same job as a Ruby application pushes it: perform_async of a class with these options.
    static async Task<string> PushAgain(
        RedisDatabase redis,
        string queue,
        string jobClass,
        string dotnet,
        string options = "{}"
    )
    {
        await redis.Db.KeyDeleteAsync($"queue:{queue}");
        await Ruby.Eval(
            redis,
            $"{Worker(jobClass, queue, options)}.perform_async(*JSON.parse(<<~'ARGS'))\n{Args(dotnet)}\nARGS"
        );

        return Assert.Single(await redis.Queue(queue));
    }

    static string Worker(string jobClass, string queue, string options) =>
        $$"""
            Class.new {
              include Sidekiq::Worker
              sidekiq_options({'queue' => '{{queue}}'}.merge({{options}}))
              define_singleton_method(:to_s) { '{{jobClass}}' }
            }
            """;

    static string Args(string job) => JsonElement.Parse(job).GetProperty("args").GetRawText();

    static IEnumerable<string> Keys(JsonElement job) => job.EnumerateObject().Select(field => field.Name);

    static void AssertSame(string rubyText, string dotnetText)
    {
        var (ruby, dotnet) = (JsonElement.Parse(rubyText), JsonElement.Parse(dotnetText));

        Assert.Equal(Keys(ruby), Keys(dotnet).Except(ours));
        foreach (var (key, value) in ruby.EnumerateObject().Select(field => (field.Name, field.Value)))
        {
            var (expected, actual) = (value.GetRawText(), dotnet.GetProperty(key).GetRawText());
            var form = key switch
            {
                "jid" => Jid(),
                "created_at" or "enqueued_at" => FloatTime(),
                _ => null,
            };
            if (form is null)
            {
                Assert.Equal($"{key}: {expected}", $"{key}: {actual}");
            }
            else
            {
                Assert.Matches(form, expected);
                Assert.Matches(form, actual);
            }
        }
    }

    [GeneratedRegex("^\"[0-9a-f]{24}\"$")]
    private static partial Regex Jid();

    [GeneratedRegex(@"^\d{10}\.\d{1,7}$")]
    private static partial Regex FloatTime();

    public sealed record Numbers(double[] Floats, long[] Integers, string[] Texts);
}
