using System.Text.Json;
using MassTransit.DependencyInjection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace MassTransit.Sidekiq.Tests.Server;

/// <summary>A bus as the Sidekiq process it is: its place in the registry, and who may tell it to stop.</summary>
public sealed class ServerTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Bus_that_only_sends_or_asks_is_not_listed()
    {
        await using var redis = await RedisServer.Lease();
        await using var consumer = await Start(redis);
        await using var client = await TestBus.Start(redis, output, configure: (_, cfg) => cfg.Host(redis.Url, Fast));

        await client.Send("elsewhere", new SubmitOrder(1));
        await client.Harness.GetRequestClient<SubmitOrder>().GetResponse<OrderAccepted>(new SubmitOrder(2)).InTime();
        await redis.Until(async state => await state.Db.SetLengthAsync("processes") == 1);

        Assert.Equal(SidekiqServerState.Idle, Server(client).State);
        Assert.Equal(SidekiqServerState.Running, Server(consumer).State);
        Assert.Equal(Server(consumer).Identity, Assert.Single(await redis.Db.SetMembersAsync("processes")));
    }

    [Fact]
    public async Task Description_has_what_every_Web_UI_from_6_4_to_8_1_reads()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Start(redis);
        var identity = Server(bus).Identity;
        await redis.Until(async state => await state.Db.HashGetAsync(identity, "concurrency") == 5);

        var process = (await redis.Db.HashGetAllAsync(identity)).ToDictionary(
            field => $"{field.Name}",
            field => $"{field.Value}"
        );
        var info = JsonElement.Parse(process["info"]);

        Assert.Equal(
            ["beat", "busy", "concurrency", "info", "quiet", "rss", "rtt_us"],
            process.Keys.Order(StringComparer.Ordinal)
        );
        Assert.Equal("5", process["concurrency"]);
        Assert.Equal(5, info.GetProperty("concurrency").GetInt32());
        Assert.Equal("""["mail","urgent","orders"]""", info.GetProperty("queues").GetRawText());
        Assert.Equal("""[{"mail":1,"urgent":3},{"orders":0}]""", info.GetProperty("weights").GetRawText());
        Assert.Equal(
            """{"mixed":{"concurrency":3,"mode":"weighted","weights":{"mail":1,"urgent":3}},"orders":{"concurrency":2,"mode":"strict","weights":{"orders":0}}}""",
            info.GetProperty("capsules").GetRawText()
        );
        Assert.Matches(@"^\d{10}\.\d+$", info.GetProperty("started_at").GetRawText());
        Assert.Equal(Environment.MachineName, info.GetProperty("hostname").GetString());
        Assert.Equal(Environment.ProcessId, info.GetProperty("pid").GetInt32());
        Assert.Equal("[]", info.GetProperty("labels").GetRawText());
        Assert.Equal(identity, info.GetProperty("identity").GetString());
        Assert.False(info.GetProperty("embedded").GetBoolean());
        Assert.NotEmpty(info.GetProperty("tag").GetString()!);
    }

    [Fact]
    public async Task Quiet_from_code_leaves_jobs_in_their_queues_and_answers_still_come()
    {
        await using var redis = await RedisServer.Lease();
        await using var other = await Start(redis);
        var seen = new Seen<OrderAccepted>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) => cfg.ReceiveEndpoint("accepted", e => e.Note(seen))
        );
        await bus.Send("accepted", new OrderAccepted(1));
        await seen.Next();

        Server(bus).Quiet();
        Server(bus).Quiet();
        await bus.Send("accepted", new OrderAccepted(2));
        var client = bus.Harness.GetRequestClient<SubmitOrder>();
        await client.GetResponse<OrderAccepted>(new SubmitOrder(3)).InTime();

        await redis.Until(async state => (await state.Queue("accepted")).Length == 1);
        Assert.Single(seen.All);
        Assert.Equal(SidekiqServerState.Quiet, Server(bus).State);
        Assert.Equal(SidekiqServerState.Running, Server(other).State);
    }

    [Fact]
    public async Task Jobs_claimed_ahead_go_back_in_their_order_when_the_process_falls_quiet()
    {
        await using var redis = await RedisServer.Lease();
        var running = new Seen<int>();
        var hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await redis.SeedQueue(
            "orders",
            [
                .. Enumerable
                    .Range(1, 1000)
                    .Select(number =>
                        $$"""{"class":"MassTransit::Sidekiq::Tests::SubmitOrder","args":[{"orderId":{{number}}}],"jid":"{{number:x24}}"}"""
                    ),
            ]
        );
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                    {
                        e.ConcurrentMessageLimit = 1;
                        e.Handler<SubmitOrder>(async context =>
                        {
                            running.Add(context.Message.OrderId);
                            if (context.Message.OrderId == 500)
                            {
                                await hold.Task;
                            }
                        });
                    }
                )
        );
        while (await running.Next() != 500) { }

        Server(bus).Quiet();
        await redis.Until(async state => (await state.Queue("orders")).Length == 500);
        hold.SetResult();
        await redis.Until(state => Task.FromResult(Server(bus).Busy == 0));

        Assert.Equal(
            Enumerable.Range(501, 500),
            (await redis.Queue("orders")).Select(job =>
                JsonElement.Parse(job).GetProperty("args")[0].GetProperty("orderId").GetInt32()
            )
        );
        Assert.Equal(500, running.All.Count);
    }

    [Theory]
    [InlineData(SidekiqRemoteControl.Automatic, true)]
    [InlineData(SidekiqRemoteControl.StopsHost, true)]
    [InlineData(SidekiqRemoteControl.StopsFetching, false)]
    [InlineData(SidekiqRemoteControl.Off, false)]
    public async Task Stop_of_the_Web_UI_does_what_the_option_says(SidekiqRemoteControl option, bool stopsHost)
    {
        await using var redis = await RedisServer.Lease();
        using var host = await StartHost(redis, option);
        var server = host.Services.GetRequiredService<ISidekiqServer>();
        var lifetime = host.Services.GetRequiredService<IHostApplicationLifetime>();
        await redis.Until(async state => await state.Db.KeyExistsAsync(server.Identity));

        await redis.Db.ListLeftPushAsync($"{server.Identity}-signals", "TERM");
        await redis.Until(async state => !await state.Db.KeyExistsAsync($"{server.Identity}-signals"));
        if (stopsHost)
        {
            await Eventually.Until(() => lifetime.ApplicationStopping.IsCancellationRequested);
        }
        else
        {
            var expected = option == SidekiqRemoteControl.Off ? SidekiqServerState.Running : SidekiqServerState.Quiet;
            await Eventually.Until(() => server.State == expected);
        }

        Assert.Equal(stopsHost, lifetime.ApplicationStopping.IsCancellationRequested);
        await host.StopAsync(TestContext.Current.CancellationToken).InTime();
    }

    [Fact]
    public async Task Process_falls_quiet_when_its_host_begins_to_stop()
    {
        await using var redis = await RedisServer.Lease();
        using var host = await StartHost(redis, SidekiqRemoteControl.Automatic);
        var server = host.Services.GetRequiredService<ISidekiqServer>();
        await redis.Until(async state => await state.Db.KeyExistsAsync(server.Identity));

        host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();

        Assert.Equal(SidekiqServerState.Quiet, server.State);
        await host.StopAsync(TestContext.Current.CancellationToken).InTime();
        Assert.Equal(SidekiqServerState.Idle, server.State);
    }

    [Fact]
    public async Task Each_bus_of_a_container_is_a_process_of_its_own()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(
            redis,
            output,
            x =>
                x.AddMassTransit<ISecondBus>(second =>
                    second.UsingSidekiq(
                        (_, cfg) =>
                        {
                            cfg.Host(redis.Url, Fast);
                            cfg.ReceiveEndpoint("second", e => e.Handler<SubmitOrder>(_ => Task.CompletedTask));
                        }
                    )
                ),
            (_, cfg) => cfg.ReceiveEndpoint("first", e => e.Handler<SubmitOrder>(_ => Task.CompletedTask))
        );
        var second = bus.Services.GetRequiredService<Bind<ISecondBus, ISidekiqServer>>().Value;
        await redis.Until(async state => await state.Db.SetLengthAsync("processes") == 2);

        second.Quiet();

        Assert.NotEqual(Server(bus).Identity, second.Identity);
        Assert.Equal(SidekiqServerState.Running, Server(bus).State);
        Assert.Equal(SidekiqServerState.Quiet, second.State);
    }

    [Fact]
    public async Task Running_jobs_are_logged_when_the_Web_UI_asks_for_its_threads()
    {
        await using var redis = await RedisServer.Lease();
        var log = new Redis.ListLogger();
        var hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var started = new Seen<SubmitOrder>();
        LogContext.ConfigureCurrentLogContext(log);
        var bus = MassTransit.Bus.Factory.CreateUsingSidekiq(cfg =>
        {
            cfg.Host(redis.Url, Fast);
            cfg.ReceiveEndpoint(
                "orders",
                e =>
                    e.Handler<SubmitOrder>(context =>
                    {
                        started.Add(context.Message);
                        return hold.Task;
                    })
            );
        });
        await bus.StartAsync(TestContext.Current.CancellationToken).InTime();
        await redis.SeedQueue(
            "orders",
            """{"class":"MassTransit::Sidekiq::Tests::SubmitOrder","args":[{"orderId":1}],"jid":"j1d"}"""
        );
        await started.Next();
        // The job may well be faster than the first beat.
        await redis.Until(async state => await state.Db.SetLengthAsync("processes") == 1);
        var identity = $"{Assert.Single(await redis.Db.SetMembersAsync("processes"))}";

        await redis.Db.ListLeftPushAsync($"{identity}-signals", "TTIN");

        await Eventually.Until(() =>
            log.Lines.Any(line =>
                line.StartsWith(
                    "Job j1d (MassTransit::Sidekiq::Tests::SubmitOrder) of queue orders has run for",
                    StringComparison.Ordinal
                )
            )
        );
        hold.SetResult();
        await bus.StopAsync(TestContext.Current.CancellationToken).InTime();
    }

    [Fact]
    public async Task Large_job_is_shown_without_its_arguments()
    {
        await using var redis = await RedisServer.Lease();
        var hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.Host(redis.Url, Fast);
                cfg.ReceiveEndpoint("orders", e => e.Handler<Note>(_ => hold.Task));
            }
        );

        await bus.Send("orders", new Note(new string('x', 100_000)));
        await redis.Until(async state => await state.Db.KeyExistsAsync($"{Server(bus).Identity}:work"));

        var work = JsonElement.Parse($"{(await redis.Db.HashGetAllAsync($"{Server(bus).Identity}:work"))[0].Value}");
        var shown = JsonElement.Parse(work.GetProperty("payload").GetString()!);
        hold.SetResult();
        Assert.Equal("[\"98 KB\"]", shown.GetProperty("args").GetRawText());
        Assert.EndsWith("::Note", shown.GetProperty("class").GetString(), StringComparison.Ordinal);
        Assert.Equal(24, shown.GetProperty("jid").GetString()!.Length);
    }

    Task<TestBus> Start(RedisDatabase redis) =>
        TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.Host(redis.Url, Fast);
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                    {
                        e.ConcurrentMessageLimit = 2;
                        e.Handler<SubmitOrder>(context =>
                            context.IsResponseAccepted<OrderAccepted>()
                                ? context.RespondAsync(new OrderAccepted(context.Message.OrderId))
                                : Task.CompletedTask
                        );
                    }
                );
                cfg.ReceiveEndpoint(
                    "mixed",
                    e =>
                    {
                        e.ConcurrentMessageLimit = 3;
                        e.Queues(queues => queues.Weighted("mail", 1).Weighted("urgent", 3));
                        e.Handler<Note>(_ => Task.CompletedTask);
                    }
                );
            }
        );

    static async Task<IHost> StartHost(RedisDatabase redis, SidekiqRemoteControl option)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.Configure<MassTransitHostOptions>(options => options.WaitUntilStarted = true);
        builder.Services.AddMassTransit(x =>
            x.UsingSidekiq(
                (_, cfg) =>
                {
                    cfg.Host(redis.Url, Fast);
                    cfg.Host(host => host.RemoteControl = option);
                    cfg.ReceiveEndpoint("orders", e => e.Handler<SubmitOrder>(_ => Task.CompletedTask));
                }
            )
        );
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken).InTime();

        return host;
    }

    static ISidekiqServer Server(TestBus bus) => bus.Services.GetRequiredService<ISidekiqServer>();

    static void Fast(ISidekiqHostConfigurator host) => ((SidekiqHostSettings)host).Beat = TimeSpan.FromMilliseconds(50);

    public interface ISecondBus : IBus;

    public sealed record Note(string Text);
}
