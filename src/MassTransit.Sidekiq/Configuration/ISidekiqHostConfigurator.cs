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

    /// <summary>Names a further Redis endpoint of the same data set, such as a replica that may be promoted.</summary>
    void Endpoint(string host, int port = 6379);

    /// <summary>
    /// Sends and settles on a connection of yours. It is never closed by the bus; waiting for jobs still takes
    /// connections of its own, made with your connection's settings, since a blocking wait would hold up all others.
    /// </summary>
    void UseConnection(IConnectionMultiplexer connection);
}
