using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Benchmarks;

// Shared by all measurements: servers of their own, a Ruby process, and how long to measure.
internal sealed class Lab : IAsyncDisposable
{
    const int SingleSize = 1000;
    const int WarmSteps = 5000;

    static readonly TimeSpan longestWarming = TimeSpan.FromSeconds(1);

    readonly BenchOptions options;
    readonly RedisServer server;

    // For the processes that wait during the whole run.
    readonly RedisServer beside;
    readonly RedisServer? durable;
    readonly RabbitMqServer? rabbitMq;
    readonly ConnectionMultiplexer connection;
    readonly ChildProcess rubyClient;
    int queues;

    Lab(
        BenchOptions options,
        RedisServer server,
        RedisServer beside,
        RedisServer? durable,
        RabbitMqServer? rabbitMq,
        ConnectionMultiplexer connection,
        ChildProcess rubyClient
    )
    {
        (this.options, this.connection, this.rubyClient) = (options, connection, rubyClient);
        (this.server, this.beside, this.durable, this.rabbitMq) = (server, beside, durable, rabbitMq);
        Scale = options.Quick ? 0.3 : 1;
    }

    // 1, or less for a quick look.
    public double Scale { get; }

    public TimeSpan Span => TimeSpan.FromSeconds(1.5 * Scale);

    public RedisDatabase Redis => server.Open();

    public IDatabase Db => connection.GetDatabase(0);

    // What was asked for besides Ruby and MassTransit in memory.
    public IEnumerable<Contestant> Peers => Contestants(server.Open()).Skip(1);

    // Ours first, then the peers, on servers that have a message on disk before they confirm it. None without peers.
    public IEnumerable<Contestant> DurableContestants => durable is null ? [] : Contestants(durable.Open());

    public static async Task<Lab> Start(BenchOptions options)
    {
        var (server, beside) = (await RedisServer.StartOwn(), await RedisServer.StartOwn());
        var connection = await server.Connect();
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["REDIS_URL"] = server.Open().Url,
            ["TEXT_LENGTH"] = "430",
        };
        var client = ChildProcess.Start("ruby", [Ruby.Script("bench_client.rb")], environment);
        await client.Line("ready");
        var durable =
            options.Peers.Count > 0 ? await RedisServer.StartOwn(new RedisServerOptions { AppendOnly = true }) : null;
        var rabbitMq = options.Peers.Contains(BenchOptions.RabbitMq, StringComparer.Ordinal)
            ? await RabbitMqServer.Start(onOneThread: false)
            : null;
        return new Lab(options, server, beside, durable, rabbitMq, connection, client);
    }

    // Ours first, then the peers, on a server of their own: what they ask of it while they wait is in no other figure.
    public IEnumerable<Contestant> Contestants(int database) => Contestants(beside.Open(database));

    // A queue that nobody has used, so that none has to be emptied.
    public string NewQueue() => string.Create(CultureInfo.InvariantCulture, $"bench-{++queues}");

    public int Jobs(int count) => (int)(count * Scale);

    public async Task<Running> Bus(
        Action<IBusRegistrationConfigurator> register,
        Action<IBusRegistrationContext, ISidekiqBusFactoryConfigurator> configure,
        Action<IServiceCollection>? services = null
    ) =>
        await Running.Start(
            x =>
            {
                register(x);
                x.UsingSidekiq(
                    (context, cfg) =>
                    {
                        cfg.Host(Redis.Url);
                        configure(context, cfg);
                    }
                );
            },
            services
        );

    public static async Task<Running> MemoryBus(
        Action<IBusRegistrationConfigurator> register,
        Action<IBusRegistrationContext, IInMemoryBusFactoryConfigurator> configure,
        Action<IServiceCollection>? services = null
    ) =>
        await Running.Start(
            x =>
            {
                register(x);
                x.UsingInMemory(configure);
            },
            services
        );

    // Jobs per second of Ruby's client: `how` is "single" or "bulk".
    public async Task<double> RubyPushes(string how)
    {
        var before = rubyClient.Lines.Count;
        await rubyClient.Write(string.Create(CultureInfo.InvariantCulture, $"{how} {Span.TotalSeconds}"));
        var answer = "";
        await Until(() => rubyClient.Lines.Count > before && (answer = rubyClient.Lines[before]).Length > 0);
        await Redis.Flush();
        return double.Parse(answer.Split(' ')[2], CultureInfo.InvariantCulture);
    }

    // Fills queues evenly with jobs as a .NET sender writes them, each with its own jid.
    public async Task Fill(string[] queues, int jobs)
    {
        var written = await Written();
        foreach (var queue in queues)
        {
            await Db.SetAddAsync("queues", queue);
            for (var left = jobs / queues.Length; left > 0; left -= SingleSize)
            {
                await Db.ListLeftPushAsync($"queue:{queue}", written[..Math.Min(left, SingleSize)]);
            }
        }
    }

    // Calls of all commands so far, including those inside scripts.
    public Task<long> Commands() => Commands(Db);

    public static async Task<long> Commands(IDatabase database) => (await RedisUsage.Of(database)).Calls;

    // In the background of Redis, since to free millions of jobs takes it longer than a command may; returns when that is done.
    public async Task Empty()
    {
        await Db.ExecuteAsync("FLUSHDB", "ASYNC");
        while (
            !((string)(await Db.ExecuteAsync("INFO", "memory"))!).Contains(
                "lazyfree_pending_objects:0",
                StringComparison.Ordinal
            )
        )
        {
            await Task.Delay(20);
        }
    }

    // Processor time so far, of this process and of Redis. It is more telling than a rate if the machine is shared.
    public (TimeSpan Own, TimeSpan Redis) Cost()
    {
        using var own = Process.GetCurrentProcess();
        using var redis = Process.GetProcessById(server.ProcessId);
        return (own.TotalProcessorTime, redis.TotalProcessorTime);
    }

    public void Report(string what, (TimeSpan Own, TimeSpan Redis) before, long count)
    {
        if (options.Verbose)
        {
            var (own, redis) = Cost();
            Console.WriteLine(
                $"    {what}: {count} times, {(own - before.Own).TotalMicroseconds / count:0.0} µs here and {(redis - before.Redis).TotalMicroseconds / count:0.0} µs in Redis for each"
            );
        }
    }

    // How often `step` completes in a second, when `inFlight` callers repeat it.
    public Task<double> Rate(string what, int inFlight, Func<Task> step) => Rate(what, inFlight, step, Span);

    public async Task<double> Rate(string what, int inFlight, Func<Task> step, TimeSpan span)
    {
        var cost = Cost();
        var (start, count) = (Stopwatch.GetTimestamp(), 0L);
        await Task.WhenAll(Enumerable.Range(0, inFlight).Select(_ => Task.Run(Caller)));
        var elapsed = Stopwatch.GetElapsedTime(start);
        Report(what, cost, count);
        return count / elapsed.TotalSeconds;

        async Task Caller()
        {
            while (Stopwatch.GetElapsedTime(start) < span)
            {
                await step();
                Interlocked.Increment(ref count);
            }
        }
    }

    // 5,000 steps, or those of a second: runs before the clock does, so that the compiler has done its work.
    public static async Task Warm(int inFlight, Func<Task> step)
    {
        var (start, left) = (Stopwatch.GetTimestamp(), WarmSteps);
        await Task.WhenAll(Enumerable.Range(0, inFlight).Select(_ => Task.Run(Caller)));

        async Task Caller()
        {
            while (Interlocked.Decrement(ref left) >= 0 && Stopwatch.GetElapsedTime(start) < longestWarming)
            {
                await step();
            }
        }
    }

    public static async Task Until(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(20);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await rubyClient.DisposeAsync();
        await server.DisposeAsync();
        await beside.DisposeAsync();
        connection.Dispose();
        await (durable?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (rabbitMq?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    IEnumerable<Contestant> Contestants(RedisDatabase redis)
    {
        var address = new Uri(redis.Url);
        return options
            .Peers.Select(peer => Contestant.Of(peer, peer == BenchOptions.RabbitMq ? rabbitMq!.Url : address))
            .Prepend(Contestant.Of(Contestant.Ours, address));
    }

    RedisValue[]? jobsWritten;

    // Real jobs: sent by a bus, read from their queue.
    public async Task<RedisValue[]> Written()
    {
        if (jobsWritten is not null)
        {
            return jobsWritten;
        }

        await using var bus = await Bus(_ => { }, (_, _) => { });
        var endpoint = await bus.Endpoint("queue:bench");
        await endpoint.SendBatch(Enumerable.Repeat(BenchJob.Any, SingleSize));
        jobsWritten = await Db.ListRangeAsync("queue:bench");
        await Redis.Flush();
        Console.WriteLine($"A job has {((byte[])jobsWritten[0]!).Length} bytes");
        return jobsWritten;
    }
}

// A started bus with its container.
internal sealed class Running(ServiceProvider provider) : IAsyncDisposable
{
    public IServiceProvider Services => provider;

    public IBus Bus => provider.GetRequiredService<IBus>();

    public static async Task<Running> Start(
        Action<IBusRegistrationConfigurator> register,
        Action<IServiceCollection>? more
    )
    {
        var services = new ServiceCollection();
        services.AddLogging();
        more?.Invoke(services);
        services.AddMassTransit(register);
        var running = new Running(services.BuildServiceProvider());
        await running.Control.StartAsync(CancellationToken.None);
        return running;
    }

    public Task<ISendEndpoint> Endpoint(string address) => Bus.GetSendEndpoint(new Uri(address));

    public async ValueTask DisposeAsync()
    {
        await Control.StopAsync(CancellationToken.None);
        await provider.DisposeAsync();
        GC.Collect();
    }

    IBusControl Control => provider.GetRequiredService<IBusControl>();
}
