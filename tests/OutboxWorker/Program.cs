using MassTransit;
using MassTransit.Sidekiq;
using MassTransit.Sidekiq.OutboxWorker;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

// An application with an outbox, which tests kill. The environment says what it does (ROLES: create, transact, write, drain,
// work), where (REDIS_URL, POSTGRES) and where it kills itself (CRASH_POINT). It says "ready", and ends with its input.
string Setting(string name) => Environment.GetEnvironmentVariable(name) ?? "";
var roles = Setting("ROLES").Split(',').ToHashSet(StringComparer.Ordinal);

var services = new ServiceCollection();
services.AddLogging(logging =>
    logging.AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Warning)
);
services.AddDbContext<WorkDb>(options =>
    options.UseNpgsql(Setting("POSTGRES"), npgsql => npgsql.EnableRetryOnFailure())
);
services.AddMassTransit(x =>
{
    x.AddConsumer<WorkConsumer>();
    x.AddSidekiqOutbox<WorkDb>(outbox =>
    {
        outbox.UseBusOutbox();
        outbox.PollInterval = TimeSpan.FromMilliseconds(500);
        if (!roles.Contains("drain"))
        {
            outbox.DisableRelay();
        }

        if (Setting("KEEP").Length > 0)
        {
            outbox.KeepUntilCompleted(keep =>
            {
                keep.Grace = TimeSpan.FromSeconds(5);
                keep.LookAgain = TimeSpan.FromSeconds(1);
            });
        }
    });
    x.UsingSidekiq(
        (context, cfg) =>
        {
            cfg.Host(Setting("REDIS_URL"), host => ((SidekiqHostSettings)host).Lease = TimeSpan.FromSeconds(2));
            if (roles.Contains("work"))
            {
                cfg.ReceiveEndpoint(
                    "work",
                    endpoint =>
                    {
                        endpoint.UseSidekiqRetry(retry =>
                            retry.RetryIn((_, _) => SidekiqRetryIn.After(TimeSpan.FromMilliseconds(200)))
                        );
                        endpoint.UseSidekiqOutbox<WorkDb>(context);
                        endpoint.ConfigureConsumer<WorkConsumer>(context);
                    }
                );
            }
        }
    );
});

await using var provider = services.BuildServiceProvider();
if (roles.Contains("create"))
{
    await using var scope = provider.CreateAsyncScope();
    await scope.ServiceProvider.GetRequiredService<WorkDb>().Database.EnsureCreatedAsync();
    return;
}

CrashPoint.Watch();
var bus = provider.GetRequiredService<IBusControl>();
await bus.StartAsync();
Console.WriteLine("ready");

var writer = new Writer(provider);
if (roles.Contains("transact"))
{
    await writer.Transact();
    Console.WriteLine("committed");
}

using var stop = new CancellationTokenSource();
var writing = roles.Contains("write") ? writer.Write(stop.Token) : Task.CompletedTask;
Console.ReadLine();
await stop.CancelAsync();
await writing;
await bus.StopAsync();
