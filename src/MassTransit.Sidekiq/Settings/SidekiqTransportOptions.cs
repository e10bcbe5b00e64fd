using MassTransit.Sidekiq;

namespace MassTransit;

/// <summary>
/// Where Redis is, for <c>services.AddOptions&lt;SidekiqTransportOptions&gt;().BindConfiguration("Sidekiq")</c>.
/// <c>cfg.Host(…)</c> takes precedence over these.
/// </summary>
public sealed class SidekiqTransportOptions
{
    string? host;

    /// <summary>
    /// Redis as a URL, <c>redis://user:password@host:6379/0</c>, or <c>rediss://</c> for TLS: the form of Ruby's
    /// <c>REDIS_URL</c>; or as a connection string of StackExchange.Redis,
    /// <c>host:6379,password=…,ssl=true,defaultDatabase=1,serviceName=…</c>: the form of <c>ConnectionStrings</c>, Aspire and Azure.
    /// When set, it sets host, port, database, user, password and TLS together. Default: none.
    /// </summary>
    public string? Url { get; set; }

    /// <summary>The Redis host. Default: <c>localhost</c>, or the first of <see cref="Endpoints" />.</summary>
    public string Host
    {
        get => host ?? "localhost";
        set => host = value;
    }

    /// <summary>The Redis TCP port. Default: 6379.</summary>
    public int Port { get; set; } = 6379;

    /// <summary>
    /// Other endpoints of the same data set as <c>host:port</c>, such as a replica that may be promoted. The one that is the
    /// primary is used. Default: none.
    /// </summary>
    public IList<string> Endpoints { get; } = [];

    /// <summary>
    /// The name of the primary in Redis Sentinel. When set, <see cref="Host" />, <see cref="Endpoints" /> or
    /// <see cref="Url" /> name the sentinels, and the primary that they report is followed through every failover. Default: none.
    /// </summary>
    public string? ServiceName { get; set; }

    /// <summary>The ACL user of the sentinels, which have their own users. Default: none.</summary>
    public string? SentinelUserName { get; set; }

    /// <summary>The password of the sentinels. Default: none, which is Sentinel's own default.</summary>
    public string? SentinelPassword { get; set; }

    /// <summary>
    /// How many replicas must confirm a message before its send completes (Redis's <c>WAIT</c>): a failover to a replica that
    /// has confirmed does not lose it. A send takes as long as the replication; without confirmation within half the command
    /// timeout it fails with <see cref="ConnectionException" />, although the message is stored, and is not repeated. Default:
    /// 0, which waits for none.
    /// </summary>
    public int Replicas { get; set; }

    /// <summary>
    /// How many connections of this process may block for jobs, each on one queue: the queues of the endpoints that start first.
    /// All others are polled together about a dozen times a second, so that a job for an idle queue starts within 100 ms
    /// instead of 1 ms. More connections cost Redis memory and three commands every eight seconds each; with fewer, more queues
    /// have the longer latency. The queue for responses always has its own. Default: 8.
    /// </summary>
    public int MaxWaitingConnections { get; set; } = 8;

    /// <summary>The number of the Redis database; Ruby must use the same. Default: 0.</summary>
    public int Database { get; set; }

    /// <summary>The Redis ACL user. Default: none, which is Redis's <c>default</c> user.</summary>
    public string? UserName { get; set; }

    /// <summary>The Redis password. It never appears in an address, a log line or an exception. Default: none.</summary>
    public string? Password { get; set; }

    /// <summary>Whether to connect to Redis with TLS. It costs some CPU per job. Default: false.</summary>
    public bool UseTls { get; set; }

    /// <summary>
    /// The prefix of every key, as with the redis-namespace gem (up to Sidekiq 6; Sidekiq 7 refuses namespaces and uses
    /// database numbers). Include the separator: <c>myapp:</c>. Default: none.
    /// </summary>
    public string KeyPrefix { get; set; } = "";

    /// <summary>The name of this process in Redis's <c>CLIENT LIST</c>. Default: <c>masstransit</c>.</summary>
    public string ClientName { get; set; } = "masstransit";

    /// <summary>How long a connection attempt may take. A shorter time detects a dead host sooner. Default: 5 seconds.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How the times in a job are written. Every Sidekiq reads float seconds; integer milliseconds are Sidekiq 8's own
    /// format and are misread by 6 and 7. Both are read, whatever is configured here. Default: float seconds.
    /// </summary>
    public SidekiqTimeFormat TimeFormat { get; set; }

    /// <summary>
    /// The name of this application among others on the same Redis. Periodic jobs that it no longer declares are dropped by
    /// this name, so all versions of an application need the same name, and two applications need different ones. Default:
    /// the name of the entry assembly.
    /// </summary>
    public string? Application { get; set; }

    /// <summary>
    /// The limit of the dead set, which holds one job less, as in Sidekiq: the oldest are removed when a job dies. Ruby trims
    /// the same set by its own <c>dead_max_jobs</c>, so the smaller limit applies. Default: 10,000.
    /// </summary>
    public int DeadMaxJobs { get; set; } = DeadSet.Default.MaxJobs;

    /// <summary>
    /// How long a job stays in the dead set, at most: jobs that died earlier are removed when a job dies. Ruby trims the same
    /// set by its own <c>dead_timeout_in_seconds</c>, so the shorter limit applies. Default: 180 days.
    /// </summary>
    public TimeSpan DeadTimeout { get; set; } = DeadSet.Default.Timeout;

    /// <summary>
    /// What the buttons of Sidekiq's Busy page do to this process. Default: Quiet stops fetching; Stop shuts the host down as
    /// SIGTERM does, or, in a host that serves HTTP, does what Quiet does.
    /// </summary>
    public SidekiqRemoteControl RemoteControl { get; set; }

    /// <summary>
    /// Whether Ruby's due jobs are moved to their queues without waiting for Ruby's pollers. False leaves jobs that Ruby pushed,
    /// for queues that no .NET process takes jobs from, to Ruby, whose client middleware then sees them as it does without .NET;
    /// jobs that Ruby has not moved after a minute are moved here. True moves them within a second. Default: false.
    /// </summary>
    public bool MovesRubyJobs { get; set; }

    /// <summary>
    /// The keys of encrypted messages by version, from 1 on, each the base64 of 32 bytes (<c>openssl rand -base64 32</c>). The highest version
    /// encrypts, each decrypts. They never appear in a log line or an exception. Default: none.
    /// </summary>
    public IDictionary<int, string> EncryptionKeys { get; private set; } = new Dictionary<int, string>();

    internal bool IsHostNamed => host is not null;

    // A configurator changes its own copy: the container's instance serves every bus of its name.
    internal SidekiqTransportOptions Copy()
    {
        var copy = (SidekiqTransportOptions)MemberwiseClone();
        copy.EncryptionKeys = new Dictionary<int, string>(EncryptionKeys);
        return copy;
    }
}
