using StackExchange.Redis;

namespace MassTransit;

/// <summary>Where Redis is and how to reach it.</summary>
public interface ISidekiqHostConfigurator
{
    /// <summary>The Redis ACL user. Default: none.</summary>
    string? UserName { set; }

    /// <summary>The password of Redis. It never appears in an address, a log line or an exception. Default: none.</summary>
    string? Password { set; }

    /// <summary>The number of the Redis database; Ruby must use the same. Default: 0.</summary>
    int Database { set; }

    /// <summary>Whether to speak TLS to Redis. Default: false, or true for a <c>rediss://</c> address.</summary>
    bool UseTls { set; }

    /// <summary>Put before every key, separator included (<c>myapp:</c>), as the redis-namespace gem does. Default: none.</summary>
    string KeyPrefix { set; }

    /// <summary>How this process calls itself in Redis' <c>CLIENT LIST</c>. Default: <c>masstransit</c>.</summary>
    string ClientName { set; }

    /// <summary>How long a connection attempt may take. Default: 5 seconds.</summary>
    TimeSpan ConnectTimeout { set; }

    /// <summary>How the times in a job are written; both forms are read. Default: float seconds, which every Sidekiq reads.</summary>
    SidekiqTimeFormat TimeFormat { set; }

    /// <summary>
    /// What this application is called among others on the same Redis: periodic jobs that it declares no more are dropped by
    /// this name, so that all versions of one application need the same, and two applications different ones. Default: the
    /// name of the entry assembly.
    /// </summary>
    string Application { set; }

    /// <summary>
    /// What the dead set holds at most, less one, which is Sidekiq's own arithmetic: the oldest go when a job dies. Ruby trims
    /// the same set by its own <c>dead_max_jobs</c>, so the smaller of the two counts. Default: 10,000.
    /// </summary>
    int DeadMaxJobs { set; }

    /// <summary>
    /// How long a job stays in the dead set, at most: those that died earlier go when a job dies. Ruby trims the same set by
    /// its own <c>dead_timeout_in_seconds</c>, so the shorter of the two counts. Default: 180 days.
    /// </summary>
    TimeSpan DeadTimeout { set; }

    /// <summary>What the buttons of Sidekiq's Busy page do to this process. Default: Quiet ends the fetching of jobs, Stop the host, unless that serves HTTP.</summary>
    SidekiqRemoteControl RemoteControl { set; }

    /// <summary>
    /// Whether due jobs of Ruby are moved to their queues without waiting for Ruby's pollers, past Ruby's client middleware.
    /// Default: false, which leaves jobs that Ruby pushed, for queues that no .NET process takes jobs from, to Ruby for a minute.
    /// </summary>
    bool MovesRubyJobs { set; }

    /// <summary>
    /// The name under which Redis Sentinel knows the primary. When set, all servers named are sentinels, and jobs live on the
    /// primary that they name: it is followed through every failover. Default: none.
    /// </summary>
    string? ServiceName { set; }

    /// <summary>The ACL user of the sentinels, which have users of their own. Default: none.</summary>
    string? SentinelUserName { set; }

    /// <summary>The password of the sentinels. Default: none, which is Sentinel's own.</summary>
    string? SentinelPassword { set; }

    /// <summary>
    /// How many replicas must confirm a message before its send is done (Redis' <c>WAIT</c>): what one replica has, a failover
    /// to it cannot lose. A send takes as long as the replication; without confirmation within half the command timeout it
    /// fails with <see cref="ConnectionException" />, though the message is there, and is not repeated. Default: 0, which waits for none.
    /// </summary>
    int Replicas { set; }

    /// <summary>
    /// How many connections of this process may wait for jobs, each for one queue: the queues of the endpoints that start first.
    /// All others are looked at together about a dozen times a second, so that a job to an idle queue starts within 100 ms
    /// instead of one. More connections cost Redis memory and three commands every eight seconds each; fewer make more queues wait longer. The queue
    /// for answers always has one of its own. Default: 8.
    /// </summary>
    int MaxWaitingConnections { set; }

    /// <summary>
    /// Names a further Redis endpoint of the same data set, such as a replica that may be promoted, or a further sentinel.
    /// Without a host named otherwise, the first one.
    /// </summary>
    void Endpoint(string host, int port = 6379);

    /// <summary>
    /// Sets whatever StackExchange.Redis has an option for: client certificates, validation callbacks, token authentication,
    /// tunnels, protocol, logging. All connections of the bus are made of these options; <c>AbortOnConnectFail</c>,
    /// <c>BacklogPolicy</c>, <c>AllowAdmin</c>, the timeouts of commands and the reconnect policy are the bus's own.
    /// </summary>
    void Configure(Action<ConfigurationOptions> configure);

    /// <summary>
    /// Sends and settles on a connection of yours, which the bus never closes. Waiting for jobs still takes connections of its
    /// own, since a blocking wait would hold up all others.
    /// </summary>
    /// <param name="connection">StackExchange.Redis 2.13 or later.</param>
    /// <param name="waits">
    /// What the waiting connections are made of. Give the options that your connection was made of where it has client
    /// certificates, callbacks or renewed tokens: a connection does not tell those. Default: what its configuration string says.
    /// </param>
    void UseConnection(IConnectionMultiplexer connection, ConfigurationOptions? waits = null);

    /// <summary>As above, with a connection from the container: <c>host.UseConnection(sp => sp.GetRequiredService&lt;IConnectionMultiplexer&gt;())</c>.</summary>
    void UseConnection(Func<IServiceProvider, IConnectionMultiplexer> connect, ConfigurationOptions? waits = null);
}
