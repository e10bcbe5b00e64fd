using System.Globalization;
using MassTransit;
using MassTransit.Sidekiq;
using MassTransit.Sidekiq.CrashWorker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

// A worker that tests kill. It says "ready", waits for a line on its standard input, and works until it is killed.
// Arguments: the URL of Redis, its connection string for the ledger, the database, the lease in ms.
var (url, connection, lease) = (
    args[0],
    args[1],
    TimeSpan.FromMilliseconds(int.Parse(args[2], CultureInfo.InvariantCulture))
);

var redis = await ConnectionMultiplexer.ConnectAsync(connection);
var services = new ServiceCollection();
services.AddLogging(logging =>
    logging.AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Warning)
);
services.AddSingleton(redis.GetDatabase());
services.AddMassTransit(x =>
{
    x.AddConsumer<LedgerConsumer>();
    x.AddConsumer<PoisonConsumer>();
    x.AddConsumer<BlockingConsumer>();
    x.AddConsumer<LimitedConsumer>();
    x.AddConsumer<SlotConsumer>();
    x.AddConsumer<IterableConsumer>();
    x.UsingSidekiq(
        (context, cfg) =>
        {
            cfg.Host(url, host => ((SidekiqHostSettings)host).Lease = lease);
            cfg.ReceiveEndpoint(
                "crash",
                e =>
                {
                    e.ConcurrentMessageLimit = 10;
                    e.ConfigureConsumer<LedgerConsumer>(context);
                    e.ConfigureConsumer<PoisonConsumer>(context);
                    e.ConfigureConsumer<IterableConsumer>(context);
                }
            );
            cfg.ReceiveEndpoint(
                "limited",
                e =>
                {
                    e.ConcurrentMessageLimit = 20;
                    e.UseSidekiqLimit(limits => limits.Window("rate", 100, TimeSpan.FromSeconds(1)));
                    e.ConfigureConsumer<LimitedConsumer>(context);
                }
            );
            cfg.ReceiveEndpoint(
                "slots",
                e =>
                {
                    e.ConcurrentMessageLimit = 20;
                    e.UseSidekiqLimit(limits => limits.Concurrent("slots", 5));
                    e.ConfigureConsumer<SlotConsumer>(context);
                }
            );
            cfg.ReceiveEndpoint(
                "blocking",
                e =>
                {
                    e.ConcurrentMessageLimit = 64;
                    e.ConfigureConsumer<BlockingConsumer>(context);
                }
            );
        }
    );
});

await using var provider = services.BuildServiceProvider();
var bus = provider.GetRequiredService<IBusControl>();
Console.WriteLine("ready");
Console.ReadLine();

await bus.StartAsync();
Console.WriteLine("working");
Console.ReadLine();
await bus.StopAsync();
