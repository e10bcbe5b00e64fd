using StackExchange.Redis;

namespace MassTransit;

/// <summary>Configures where Redis is and how to connect to it.</summary>
public interface ISidekiqHostConfigurator
{
    /// <summary>The Redis ACL user. Default: none.</summary>
    string? UserName { set; }

    /// <summary>The Redis password. It never appears in an address, a log line or an exception. Default: none.</summary>
    string? Password { set; }

    /// <summary>The number of the Redis database; Ruby must use the same. Default: 0.</summary>
    int Database { set; }

    /// <summary>Whether to connect to Redis with TLS. Default: false, or true for a <c>rediss://</c> address.</summary>
    bool UseTls { set; }

    /// <summary>The prefix of every key, separator included (<c>myapp:</c>), as with the redis-namespace gem. Default: none.</summary>
    string KeyPrefix { set; }

    /// <summary>The name of this process in Redis's <c>CLIENT LIST</c>. Default: <c>masstransit</c>.</summary>
    string ClientName { set; }

    /// <summary>How long a connection attempt may take. Default: 5 seconds.</summary>
    TimeSpan ConnectTimeout { set; }

    /// <summary>How the times in a job are written; both forms are read. Default: float seconds, which every Sidekiq reads.</summary>
    SidekiqTimeFormat TimeFormat { set; }

    /// <summary>
    /// The name of this application among others on the same Redis. Periodic jobs that it no longer declares are dropped by
    /// this name, so all versions of an application need the same name, and two applications need different ones. Default:
    /// the name of the entry assembly.
    /// </summary>
    string Application { set; }

    /// <summary>
    /// The limit of the dead set, which holds one job less, as in Sidekiq: the oldest are removed when a job dies. Ruby trims
    /// the same set by its own <c>dead_max_jobs</c>, so the smaller limit applies. Default: 10,000.
    /// </summary>
    int DeadMaxJobs { set; }

    /// <summary>
    /// How long a job stays in the dead set, at most: jobs that died earlier are removed when a job dies. Ruby trims the same
    /// set by its own <c>dead_timeout_in_seconds</c>, so the shorter limit applies. Default: 180 days.
    /// </summary>
    TimeSpan DeadTimeout { set; }

    /// <summary>What the buttons of Sidekiq's Busy page do to this process. Default: Quiet stops fetching; Stop stops the host, unless it serves HTTP.</summary>
    SidekiqRemoteControl RemoteControl { set; }

    /// <summary>
    /// Whether Ruby's due jobs are moved to their queues without waiting for Ruby's pollers, bypassing Ruby's client
    /// middleware. Default: false, which leaves jobs that Ruby pushed, for queues that no .NET process takes jobs from, to
    /// Ruby for a minute.
    /// </summary>
    bool MovesRubyJobs { set; }

    /// <summary>
    /// Of which jobs all arguments are hidden wherever jobs are shown: on Sidekiq's Busy page, in the dashboard, and by
    /// <see cref="ISidekiqInspector.Redacted" />. It is asked with each heartbeat for each job that runs, so it must be quick. The job itself
    /// is untouched. Default: only what <see cref="SidekiqSecretAttribute" /> marks is hidden.
    /// </summary>
    Func<SidekiqJob, bool>? Redact { set; }

    /// <summary>
    /// Adds a key for encrypted messages. All services that send or consume them need the same; the highest version encrypts, each
    /// decrypts. It never appears in a log line or an exception.
    /// </summary>
    /// <param name="version">From 1 on. Another key of a version replaces it.</param>
    /// <param name="key">The base64 of 32 bytes: <c>openssl rand -base64 32</c>.</param>
    void EncryptionKey(int version, string key);

    /// <summary>
    /// The name of the primary in Redis Sentinel. When set, all configured servers are sentinels, and jobs are stored on the
    /// primary that they report: it is followed through every failover. Default: none.
    /// </summary>
    string? ServiceName { set; }

    /// <summary>The ACL user of the sentinels, which have their own users. Default: none.</summary>
    string? SentinelUserName { set; }

    /// <summary>The password of the sentinels. Default: none, which is Sentinel's own default.</summary>
    string? SentinelPassword { set; }

    /// <summary>
    /// How many replicas must confirm a message before its send completes (Redis's <c>WAIT</c>): a failover to a replica that
    /// has confirmed does not lose it. A send takes as long as the replication; without confirmation within half the command
    /// timeout it fails with <see cref="ConnectionException" />, although the message is stored, and is not repeated. Default:
    /// 0, which waits for none.
    /// </summary>
    int Replicas { set; }

    /// <summary>
    /// How many connections of this process may block for jobs, each on one queue: the queues of the endpoints that start first.
    /// All others are polled together about a dozen times a second, so that a job for an idle queue starts within 100 ms
    /// instead of 1 ms. More connections cost Redis memory and three commands every eight seconds each; with fewer, more queues
    /// have the longer latency. The queue for responses always has its own. Default: 8.
    /// </summary>
    int MaxWaitingConnections { set; }

    /// <summary>
    /// Adds another Redis endpoint of the same data set, such as a replica that may be promoted, or another sentinel. It is the
    /// first one if no host is configured otherwise.
    /// </summary>
    void Endpoint(string host, int port = 6379);

    /// <summary>
    /// Sets any option of StackExchange.Redis: client certificates, validation callbacks, token authentication, tunnels,
    /// protocol, logging. All connections of the bus use these options; <c>AbortOnConnectFail</c>, <c>BacklogPolicy</c>,
    /// <c>AllowAdmin</c>, the command timeouts and the reconnect policy are set by the bus.
    /// </summary>
    void Configure(Action<ConfigurationOptions> configure);

    /// <summary>
    /// Sends and settles on your own connection, which the bus never closes. Waiting for jobs still uses separate connections,
    /// since a blocking command would delay all others.
    /// </summary>
    /// <param name="connection">StackExchange.Redis 2.13 or later.</param>
    /// <param name="waits">
    /// The options of the waiting connections. Pass the options of your connection if it has client certificates, callbacks or
    /// renewed tokens: a connection does not expose those. Default: its configuration string.
    /// </param>
    void UseConnection(IConnectionMultiplexer connection, ConfigurationOptions? waits = null);

    /// <summary>As above, with a connection from the container: <c>host.UseConnection(sp => sp.GetRequiredService&lt;IConnectionMultiplexer&gt;())</c>.</summary>
    void UseConnection(Func<IServiceProvider, IConnectionMultiplexer> connect, ConfigurationOptions? waits = null);
}
