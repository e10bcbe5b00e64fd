using MassTransit.Sidekiq;

namespace MassTransit;

/// <summary>
/// Where Redis is, for <c>services.AddOptions&lt;SidekiqTransportOptions&gt;().BindConfiguration("Sidekiq")</c>.
/// What <c>cfg.Host(…)</c> says wins over these.
/// </summary>
public sealed class SidekiqTransportOptions
{
    string? host;

    /// <summary>
    /// Redis as a URL, <c>redis://user:password@host:6379/0</c>, or <c>rediss://</c> for TLS: the form of Ruby's
    /// <c>REDIS_URL</c>; or as a connection string of StackExchange.Redis,
    /// <c>host:6379,password=…,ssl=true,defaultDatabase=1,serviceName=…</c>: the form of <c>ConnectionStrings</c>, Aspire and Azure.
    /// When set, it gives host, port, database, user, password and TLS in one. Default: none.
    /// </summary>
    public string? Url { get; set; }

    /// <summary>The host of Redis. Default: <c>localhost</c>, or the first of <see cref="Endpoints" />.</summary>
    public string Host
    {
        get => host ?? "localhost";
        set => host = value;
    }

    /// <summary>The TCP port of Redis. Default: 6379.</summary>
    public int Port { get; set; } = 6379;

    /// <summary>
    /// Further endpoints of the same data set as <c>host:port</c>, such as a replica that may be promoted. The one that
    /// is the primary is used. Default: none.
    /// </summary>
    public IList<string> Endpoints { get; } = [];

    /// <summary>
    /// The name under which Redis Sentinel knows the primary. When set, <see cref="Host" />, <see cref="Endpoints" /> or
    /// <see cref="Url" /> name the sentinels, and the primary that they name is followed through every failover. Default: none.
    /// </summary>
    public string? ServiceName { get; set; }

    /// <summary>The ACL user of the sentinels, which have users of their own. Default: none.</summary>
    public string? SentinelUserName { get; set; }

    /// <summary>The password of the sentinels. Default: none, which is Sentinel's own.</summary>
    public string? SentinelPassword { get; set; }

    /// <summary>
    /// How many replicas must confirm a message before its send is done (Redis' <c>WAIT</c>): what one replica has, a failover
    /// to it cannot lose. A send takes as long as the replication; without confirmation within half the command timeout it
    /// fails with <see cref="ConnectionException" />, though the message is there, and is not repeated. Default: 0, which waits for none.
    /// </summary>
    public int Replicas { get; set; }

    /// <summary>
    /// How many connections of this process may wait for jobs, each for one queue: the queues of the endpoints that start first.
    /// All others are looked at together about a dozen times a second, so that a job to an idle queue starts within 100 ms
    /// instead of one. More connections cost Redis memory and three commands every eight seconds each; fewer make more queues wait longer. The queue
    /// for answers always has one of its own. Default: 8.
    /// </summary>
    public int MaxWaitingConnections { get; set; } = 8;

    /// <summary>The number of the Redis database; Ruby must use the same. Default: 0.</summary>
    public int Database { get; set; }

    /// <summary>The Redis ACL user. Default: none, which is Redis' own <c>default</c> user.</summary>
    public string? UserName { get; set; }

    /// <summary>The password of Redis. It never appears in an address, a log line or an exception. Default: none.</summary>
    public string? Password { get; set; }

    /// <summary>Whether to speak TLS to Redis. It costs some CPU per job. Default: false.</summary>
    public bool UseTls { get; set; }

    /// <summary>
    /// Put before every key, as the redis-namespace gem does (up to Sidekiq 6; Sidekiq 7 refuses namespaces and uses
    /// database numbers). Write it with its separator: <c>myapp:</c>. Default: none.
    /// </summary>
    public string KeyPrefix { get; set; } = "";

    /// <summary>How this process calls itself in Redis' <c>CLIENT LIST</c>. Default: <c>masstransit</c>.</summary>
    public string ClientName { get; set; } = "masstransit";

    /// <summary>How long a connection attempt may take. Shorter notices a dead host sooner. Default: 5 seconds.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How the times in a job are written. Every Sidekiq reads float seconds; integer milliseconds are Sidekiq 8's own
    /// form and are misread by 6 and 7. Both are read, whatever is set here. Default: float seconds.
    /// </summary>
    public SidekiqTimeFormat TimeFormat { get; set; }

    /// <summary>
    /// What this application is called among others on the same Redis: periodic jobs that it declares no more are dropped by
    /// this name, so that all versions of one application need the same, and two applications different ones. Default: the
    /// name of the entry assembly.
    /// </summary>
    public string? Application { get; set; }

    /// <summary>
    /// What the dead set holds at most, less one, which is Sidekiq's own arithmetic: the oldest go when a job dies. Ruby trims
    /// the same set by its own <c>dead_max_jobs</c>, so the smaller of the two counts. Default: 10,000.
    /// </summary>
    public int DeadMaxJobs { get; set; } = DeadSet.Default.MaxJobs;

    /// <summary>
    /// How long a job stays in the dead set, at most: those that died earlier go when a job dies. Ruby trims the same set by
    /// its own <c>dead_timeout_in_seconds</c>, so the shorter of the two counts. Default: 180 days.
    /// </summary>
    public TimeSpan DeadTimeout { get; set; } = DeadSet.Default.Timeout;

    /// <summary>
    /// What the buttons of Sidekiq's Busy page do to this process. Default: Quiet ends the fetching of jobs; Stop ends the
    /// host as SIGTERM does, or, in a host that serves HTTP, does what Quiet does.
    /// </summary>
    public SidekiqRemoteControl RemoteControl { get; set; }

    /// <summary>
    /// Whether due jobs of Ruby are moved to their queues without waiting for Ruby's pollers. False leaves jobs that Ruby pushed, for
    /// queues that no .NET process takes jobs from, to Ruby, whose client middleware then sees them as it does without .NET; what
    /// Ruby has not moved after a minute is moved all the same. True moves them within a second. Default: false.
    /// </summary>
    public bool MovesRubyJobs { get; set; }

    internal bool IsHostNamed => host is not null;

    // A configurator changes its own: those of the container serve every bus of their name.
    internal SidekiqTransportOptions Copy() => (SidekiqTransportOptions)MemberwiseClone();
}
