using System.Text.Json;
using MassTransit.Testing;
using Shop;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>Sidekiq's own API and Web UI on what .NET wrote.</summary>
public sealed class WebPagesTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Every_page_shows_the_jobs_of_NET()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Fill(redis);

        var paths = new List<string> { "/", "/busy", "/queues", "/queues/orders", "/retries", "/scheduled", "/morgue" };
        paths.Add($"/retries/{await Key(redis, "RetrySet")}");
        paths.Add($"/scheduled/{await Key(redis, "ScheduledSet")}");
        paths.Add($"/morgue/{await Key(redis, "DeadSet")}");
        paths.AddRange(["/stats", "/stats/queues"]);

        foreach (var path in paths)
        {
            var page = await Ruby.Page(redis, path);
            Assert.True(page.Status == 200, $"{path}: {page.Status} {page.Body}");
        }

        foreach (
            var (path, shown) in new[]
            {
                ("/queues", "orders"),
                ("/queues/orders", "Shop::OrderSubmitted"),
                ("/queues/orders", "Ünï 😀"),
                ("/queues/orders", "Shop::Report"),
                ("/retries", "Shop::FailingJob"),
                (paths[7], "InvalidOperationException"),
                (paths[7], "FailingHandler"),
                (paths[7], "bêta"),
                ("/scheduled", "Shop::OrderPaid"),
                ("/morgue", "Shop::DeadJob"),
                ("/morgue", "{not json"),
            }
        )
        {
            Assert.Contains(shown, (await Ruby.Page(redis, path)).Body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task API_of_Ruby_reads_the_jobs_of_NET()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Fill(redis);

        var read = await Ruby.Eval(
            redis,
            """
            retrying, scheduled, dead = Sidekiq::RetrySet.new.first, Sidekiq::ScheduledSet.new.first, Sidekiq::DeadSet.new.find(&:jid)
            {queued: Sidekiq::Queue.new("orders").map { |job| [job.display_class, job.queue, job.args.size] },
             latency: Sidekiq::Queue.new("orders").latency, age: Time.now - Sidekiq::Queue.new("orders").first.created_at,
             retrying: [retrying.klass, retrying.queue, retrying["retry_count"], retrying["error_class"], retrying.error?, retrying.tags],
             backtrace: retrying.error_backtrace.size, due: retrying.at - Time.now,
             scheduled: [scheduled.klass, scheduled.queue, scheduled["enqueued_at"], scheduled["at"]],
             dead: [dead.klass, dead["retry_count"], dead["failed_at"].class.name],
             stats: Sidekiq::Stats.new.then { |s| [s.enqueued, s.retry_size, s.scheduled_size, s.dead_size, s.queues] }}
            """
        );

        Assert.Equal(
            """[["Shop::OrderSubmitted","orders",1],["Shop::Report","orders",1]]""",
            Text(read.GetProperty("queued"))
        );
        Assert.InRange(read.GetProperty("latency").GetDouble(), 0, 60);
        Assert.InRange(read.GetProperty("age").GetDouble(), 0, 60);
        Assert.Equal(
            """["Shop::FailingJob","fails",0,"System.InvalidOperationException",true,["alpha","bêta"]]""",
            Text(read.GetProperty("retrying"))
        );
        Assert.InRange(read.GetProperty("backtrace").GetInt32(), 1, 5);
        Assert.InRange(read.GetProperty("due").GetDouble(), 3500, 3620);
        Assert.Equal("""["Shop::OrderPaid","later",null,null]""", Text(read.GetProperty("scheduled")));
        Assert.Equal("""["Shop::DeadJob",0,"Float"]""", Text(read.GetProperty("dead")));
        Assert.Equal("""[2,1,1,2,{"orders":2,"fails":0}]""", Text(read.GetProperty("stats")));
    }

    [Fact]
    public async Task No_page_shows_the_text_of_an_error_as_HTML()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "fails",
                    e =>
                    {
                        e.UseSidekiqRetry(retry => retry.RetryIn((_, _) => TimeSpan.FromHours(1)));
                        e.Handler<Tagged>(_ =>
                            throw new InvalidOperationException(
                                "outer <script>outer()</script>",
                                new ArgumentException("inner <script>inner()</script>")
                            )
                        );
                    }
                )
        );

        await bus.Send("fails", new Tagged("x"));
        await redis.Until(async state => (await state.RetrySet()).Length == 1);
        var key = await Key(redis, "RetrySet");
        var pages = new List<string> { "/retries", $"/retries/{key}" };
        Assert.Contains("ArgumentException", (await Ruby.Page(redis, pages[1])).Body, StringComparison.Ordinal);
        await AssertHarmless(redis, pages);

        await Ruby.Press(redis, $"/retries/{key}", ("kill", "Kill"));
        await AssertHarmless(redis, ["/morgue", $"/morgue/{await Key(redis, "DeadSet")}"]);
    }

    static async Task AssertHarmless(RedisDatabase redis, List<string> pages)
    {
        foreach (var path in pages)
        {
            var page = await Ruby.Page(redis, path);
            Assert.Equal(200, page.Status);
            Assert.DoesNotContain("<script>outer", page.Body, StringComparison.Ordinal);
            Assert.DoesNotContain("<script>inner", page.Body, StringComparison.Ordinal);
        }
    }

    [SidekiqJob("Shop::Tagged", Retry = 3, Backtrace = true)]
    public sealed record Tagged(string Text);

    [Fact]
    public async Task Delete_in_the_queue_page_removes_just_that_job()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Fill(redis);
        var jobs = await redis.Queue("orders");

        var pressed = await Ruby.Press(redis, "/queues/orders/delete", ("key_val", jobs[0]));

        Assert.Equal(302, pressed.Status);
        Assert.Equal([jobs[1]], await redis.Queue("orders"));
    }

    [Fact]
    public async Task Retry_now_moves_an_entry_of_NET_to_its_queue()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Fill(redis, stopped: true);

        await Ruby.Press(redis, $"/retries/{await Key(redis, "RetrySet")}", ("retry", "Retry Now"));

        Assert.Empty(await redis.RetrySet());
        var job = JsonElement.Parse(Assert.Single(await redis.Queue("fails")));
        Assert.Equal(-1, job.GetProperty("retry_count").GetInt32());
        Assert.True(job.TryGetProperty("mt", out _));
    }

    [Theory]
    [InlineData("RetrySet", "retry")]
    [InlineData("ScheduledSet", "schedule")]
    public async Task Reschedule_moves_an_entry_of_NET_and_makes_no_second_one(string set, string key)
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Fill(redis, stopped: true);

        await Ruby.Eval(redis, $"Sidekiq::{set}.new.first.reschedule(4_000_000_000); nil");

        var entry = Assert.Single(await redis.Db.SortedSetRangeByRankWithScoresAsync(key));
        Assert.Equal(4_000_000_000, entry.Score, 3);
    }

    [Fact]
    public async Task Add_to_queue_and_kill_work_on_entries_of_NET()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Fill(redis, stopped: true);

        await Ruby.Press(redis, $"/scheduled/{await Key(redis, "ScheduledSet")}", ("add_to_queue", "Add to queue"));
        await Ruby.Press(redis, $"/retries/{await Key(redis, "RetrySet")}", ("kill", "Kill"));

        Assert.Empty(await redis.ScheduledSet());
        Assert.Empty(await redis.RetrySet());
        Assert.Contains("enqueued_at", Assert.Single(await redis.Queue("later")), StringComparison.Ordinal);
        Assert.Contains(await redis.DeadSet(), entry => entry.Job.Contains("FailingJob", StringComparison.Ordinal));
    }

    // Two jobs in `orders`, one in `schedule`, one in `retry`, two in `dead`, all written by .NET.
    async Task<TestBus> Fill(RedisDatabase redis, bool stopped = false)
    {
        var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "fails",
                    e =>
                    {
                        // Not while the test looks at it.
                        e.UseSidekiqRetry(retry => retry.RetryIn((_, _) => TimeSpan.FromHours(1)));
                        e.Handler<FailingJob>(FailingHandler);
                        e.Handler<DeadJob>(_ => throw new InvalidOperationException("dead at once"));
                    }
                )
        );

        await bus.Send("orders", new Report(2026, "pdf"));
        await bus.Send("orders", OrderSubmitted.Any);
        await bus.SendLater("later", new OrderPaid(1, "é"), TimeSpan.FromHours(1));
        await bus.Send("fails", new FailingJob("é"));
        await bus.Send("fails", new DeadJob("é"));
        await redis.Db.ListLeftPushAsync("queue:fails", "{not json");
        await redis.Until(async state => (await state.RetrySet()).Length == 1 && (await state.DeadSet()).Length == 2);
        if (stopped)
        {
            await bus.Harness.Stop();
        }

        return bus;
    }

    static Task FailingHandler(ConsumeContext<FailingJob> context) =>
        throw new InvalidOperationException($"Tä <b>{context.Message.Text}</b>");

    // The row of the first entry that is a job, as the Web UI names it.
    static async Task<string> Key(RedisDatabase redis, string set)
    {
        var key = await Ruby.Eval(
            redis,
            $"Sidekiq::{set}.new.find {{ |entry| entry.jid }}.then {{ |entry| \"#{{entry.score}}-#{{entry.jid}}\" }}"
        );

        return key.GetString()!;
    }

    static string Text(JsonElement json) => json.GetRawText();
}
