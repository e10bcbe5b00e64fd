using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Shop;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>Our process on Sidekiq's Busy page, and what its buttons do to it.</summary>
public sealed class BusyPageTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Page_shows_the_process_its_queues_its_concurrency_and_the_job_it_runs()
    {
        await using var redis = await RedisServer.Lease();
        var work = new Work();
        await using var bus = await Start(redis, work);
        await bus.Send("orders", new OrderPaid(7, "Ünï 😀"));
        await work.Started.Task.InTime();
        await redis.Until(async state => await state.Db.KeyExistsAsync($"{Identity(bus)}:work"));

        var page = await Ruby.Page(redis, "/busy");
        var read = await Ruby.Eval(
            redis,
            """
            process = Sidekiq::ProcessSet.new.first
            id, thread, work = Sidekiq::WorkSet.new.first
            job = Sidekiq::JobRecord.new(work["payload"])
            {identity: process.identity, queues: process.queues, quiet: process.stopping?, labels: process.labels,
             fields: %w[concurrency busy pid version embedded].map { |name| process[name] }, age: Time.now.to_f - process["beat"],
             since: Time.now.to_f - process["started_at"], rss: process["rss"].to_i, rtt: process["rtt_us"].class.name,
             total: [Sidekiq::ProcessSet.new.size, Sidekiq::ProcessSet.new.total_concurrency, Sidekiq::WorkSet.new.size, Sidekiq::Stats.new.workers_size],
             work: [id == process.identity, work["queue"], job.display_class, job.args, Time.now.to_i - work["run_at"]]}
            """
        );
        work.Finish.SetResult();

        Assert.True(page.Status == 200, page.Body);
        Assert.Contains("Shop::OrderPaid", page.Body, StringComparison.Ordinal);
        Assert.Contains("Ünï 😀", page.Body, StringComparison.Ordinal);
        Assert.Contains("mail, urgent, orders", page.Body, StringComparison.Ordinal);
        Assert.Equal(Identity(bus), read.GetProperty("identity").GetString());
        Assert.Equal("""["mail","urgent","orders"]""", Text(read, "queues"));
        Assert.False(read.GetProperty("quiet").GetBoolean());
        Assert.StartsWith(
            $"[7,1,{Environment.ProcessId},\"MassTransit.Sidekiq ",
            Text(read, "fields"),
            StringComparison.Ordinal
        );
        Assert.InRange(read.GetProperty("age").GetDouble(), -1, 30);
        Assert.InRange(read.GetProperty("since").GetDouble(), -1, 60);
        Assert.InRange(read.GetProperty("rss").GetInt64(), 10_000, 10_000_000);
        Assert.Equal("[1,7,1,1]", Text(read, "total"));
        Assert.StartsWith(
            """[true,"orders","Shop::OrderPaid",[{"orderId":7,"by":"Ünï 😀"}],""",
            Text(read, "work"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Quiet_pressed_ends_the_fetching_and_lets_the_running_job_finish()
    {
        await using var redis = await RedisServer.Lease();
        var work = new Work();
        await using var bus = await Start(redis, work);
        await bus.Send("orders", new OrderPaid(1));
        await work.Started.Task.InTime();

        var pressed = await Ruby.Press(redis, "/busy", ("identity", Identity(bus)), ("quiet", "1"));
        await redis.Until(async state => await state.Db.HashGetAsync(Identity(bus), "quiet") == "true");
        await bus.Send("orders", new OrderPaid(2));
        var page = await Ruby.Page(redis, "/busy");
        work.Finish.SetResult();
        await redis.Until(async state => await state.Db.HashGetAsync(Identity(bus), "busy") == "0");

        Assert.Equal(302, pressed.Status);
        Assert.Contains(">quiet</span>", page.Body, StringComparison.Ordinal);
        // A wait that was under way may have taken it, and puts it back.
        await redis.Until(async state => (await state.Queue("orders")).Length == 1);
        Assert.Contains("\"orderId\":2", (await redis.Queue("orders"))[0], StringComparison.Ordinal);
        Assert.Equal([1], work.Done);
        Assert.Equal(SidekiqServerState.Quiet, bus.Services.GetRequiredService<ISidekiqServer>().State);
    }

    [Fact]
    public async Task Stop_pressed_ends_the_host_and_the_process_leaves_the_page()
    {
        await using var redis = await RedisServer.Lease();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.Configure<MassTransitHostOptions>(options => options.WaitUntilStarted = true);
        builder.Services.AddMassTransit(x =>
            x.UsingSidekiq(
                (_, cfg) =>
                {
                    cfg.Host(redis.Url, FastBeats);
                    cfg.ReceiveEndpoint("orders", e => e.Handler<OrderPaid>(_ => Task.CompletedTask));
                }
            )
        );
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken).InTime();
        var server = host.Services.GetRequiredService<ISidekiqServer>();
        await redis.Until(async state => await state.Db.SetContainsAsync("processes", server.Identity));

        await Ruby.Press(redis, "/busy", ("identity", server.Identity), ("stop", "1"));
        await host.WaitForShutdownAsync(TestContext.Current.CancellationToken).InTime();

        Assert.Equal(SidekiqServerState.Idle, server.State);
        Assert.Equal(0, (await Ruby.Eval(redis, "Sidekiq::ProcessSet.new.size")).GetInt32());
        Assert.DoesNotContain(
            await redis.Keys(),
            key => key.Contains(Environment.MachineName, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Quiet_all_reaches_processes_of_both_languages()
    {
        await using var redis = await RedisServer.Lease();
        var work = new Work();
        work.Finish.SetResult();
        await using var bus = await Start(redis, work);
        await using var ruby = await RubySidekiq.Start(redis, "jobs.rb");
        await redis.Until(async state => await state.Db.SetLengthAsync("processes") == 2);

        await Ruby.Press(redis, "/busy", ("quiet", "1"));

        await ruby.Line("Received TSTP");
        await redis.Until(async state => await state.Db.HashGetAsync(Identity(bus), "quiet") == "true");
        Assert.Equal(200, (await Ruby.Page(redis, "/busy")).Status);
    }

    [Fact]
    public async Task Dashboard_counts_the_jobs_of_both_languages()
    {
        await using var redis = await RedisServer.Lease();
        var work = new Work();
        work.Finish.SetResult();
        await using var bus = await Start(redis, work);
        await using var ruby = await RubySidekiq.Start(redis, "jobs.rb");
        await bus.Send("orders", new OrderPaid(1));
        await bus.Send("orders", new OrderPaid(2));
        await redis.SeedQueue("orders", """{"class":"Nobody::Knows","args":[],"jid":"a","retry":false}""");
        await Ruby.Eval(redis, "3.times { Sidekiq::Client.push('class' => 'OkJob', 'args' => []) }; nil");

        await redis.Until(async state => await state.Db.StringGetAsync("stat:processed") == "6");
        var stats = await Ruby.Eval(
            redis,
            """
            history = Sidekiq::Stats::History.new(1)
            stats = Sidekiq::Stats.new
            [stats.processed, stats.failed, history.processed.values.sum, history.failed.values.sum]
            """
        );

        Assert.Equal("[6,1,6,1]", stats.GetRawText());
        foreach (var path in new[] { "/", "/busy", "/queues", "/retries", "/scheduled", "/morgue", "/stats" })
        {
            Assert.Equal(200, (await Ruby.Page(redis, path)).Status);
        }

        Assert.Contains("\"processed\":6", (await Ruby.Page(redis, "/stats")).Body, StringComparison.Ordinal);
    }

    static void FastBeats(ISidekiqHostConfigurator host) =>
        ((SidekiqHostSettings)host).Beat = TimeSpan.FromMilliseconds(100);

    static string Identity(TestBus bus) => bus.Services.GetRequiredService<ISidekiqServer>().Identity;

    static string Text(JsonElement json, string name) => json.GetProperty(name).GetRawText();

    async Task<TestBus> Start(RedisDatabase redis, Work work)
    {
        var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.Host(redis.Url, FastBeats);
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                    {
                        e.ConcurrentMessageLimit = 4;
                        e.Handler<OrderPaid>(work.Run);
                    }
                );
                cfg.ReceiveEndpoint(
                    "mixed",
                    e =>
                    {
                        e.ConcurrentMessageLimit = 3;
                        e.Queues(queues => queues.Weighted("mail", 1).Weighted("urgent", 3));
                        e.Handler<DeadJob>(_ => Task.CompletedTask);
                    }
                );
            }
        );
        await redis.Until(async state => await state.Db.HashGetAsync(Identity(bus), "concurrency") == "7");

        return bus;
    }

    sealed class Work
    {
        public TaskCompletionSource Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Finish { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<int> Done { get; } = [];

        public async Task Run(ConsumeContext<OrderPaid> context)
        {
            Started.TrySetResult();
            await Finish.Task;
            Done.Add(context.Message.OrderId);
        }
    }
}
