using System.Reflection;
using IHostApplicationLifetime = Microsoft.Extensions.Hosting.IHostApplicationLifetime;

namespace MassTransit.Sidekiq;

// Where Redis is and what the bus is on it: the options as they were configured at last, and what no option names.
internal class BusSettings
{
    public SidekiqTransportOptions Options { get; protected set; } = new();

    public RedisTarget Redis { get; } = new();

    public string Application => Options.Application ?? Assembly.GetEntryAssembly()?.GetName().Name ?? "masstransit";

    public DeadSet DeadSet => new() { MaxJobs = Options.DeadMaxJobs, Timeout = Options.DeadTimeout };

    // A process that shows no life this long is dead, and its jobs are any process's. Renewed five times as often, so that four
    // renewals in a row must fail first. Not an option: nobody should have to choose it. Tests of crashes cannot wait for it.
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(15);

    // How often the Busy page is told what this process does: Sidekiq's own period.
    public TimeSpan Beat { get; set; } = TimeSpan.FromSeconds(5);

    // Which of several buses of the application it is; null for its first.
    public string? BusName { get; set; }

    // The host that the bus runs in; none without a container.
    public IHostApplicationLifetime? Lifetime { get; set; }

    // Whether that host serves HTTP as well.
    public bool IsWebHost { get; set; }

    public RedisSettings ToRedisSettings() =>
        new()
        {
            Options = Redis.ToOptions(),
            KeyPrefix = Options.KeyPrefix,
            Connection = Redis.Connection,
            Replicas = Options.Replicas,
            SentinelUserName = Options.SentinelUserName,
            SentinelPassword = Options.SentinelPassword,
        };
}
