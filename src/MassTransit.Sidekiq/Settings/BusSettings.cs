using System.Reflection;
using IHostApplicationLifetime = Microsoft.Extensions.Hosting.IHostApplicationLifetime;

namespace MassTransit.Sidekiq;

// Where Redis is and what the bus is on it: the options as finally configured, and the settings that are not options.
internal class BusSettings
{
    public SidekiqTransportOptions Options { get; protected set; } = new();

    public RedisTarget Redis { get; } = new();

    public string Application => Options.Application ?? Assembly.GetEntryAssembly()?.GetName().Name ?? "masstransit";

    public DeadSet DeadSet => new() { MaxJobs = Options.DeadMaxJobs, Timeout = Options.DeadTimeout };

    // A process that does not renew its lease for this long is dead, and any process may take its jobs. It is renewed five
    // times as often, so that four renewals in a row must fail first. Not an option, since users should not have to choose it;
    // only crash tests set it, which cannot wait this long.
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(15);

    // How often the process reports to the Busy page.
    public TimeSpan Beat { get; set; } = TimeSpan.FromSeconds(5);

    // Why this bus has no Redis, in a test harness without one; null for every other.
    public string? Absence { get; set; }

    // Of which jobs all arguments are hidden wherever jobs are shown.
    public Func<SidekiqJob, bool>? Redact { get; set; }

    // The name of an additional bus of the application; null for its first.
    public string? BusName { get; set; }

    // The lifetime of the host that the bus runs in; null without a container.
    public IHostApplicationLifetime? Lifetime { get; set; }

    // Whether that host serves HTTP as well.
    public bool IsWebHost { get; set; }

    public RedisSettings ToRedisSettings() =>
        new()
        {
            Options = Redis.ToOptions(),
            KeyPrefix = Options.KeyPrefix,
            Connection = Redis.Connection,
            Absence = Absence,
            Replicas = Options.Replicas,
            SentinelUserName = Options.SentinelUserName,
            SentinelPassword = Options.SentinelPassword,
        };
}
