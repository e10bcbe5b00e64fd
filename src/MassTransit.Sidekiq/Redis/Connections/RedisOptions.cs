using System.Net;
using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// The user's options, adapted to each of our connections.
internal static class RedisOptions
{
    static readonly TimeSpan reconnectAfter = TimeSpan.FromMilliseconds(250);

    static readonly TimeSpan waitHeartbeat = TimeSpan.FromSeconds(5);

    // No subscription connection (nothing here listens to channels), and no cluster commands, since Sidekiq does not support it.
    static readonly CommandMap commands = CommandMap.Create(
        ["SUBSCRIBE", "PSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "CLUSTER"],
        available: false
    );

    // A connection to one server. `purpose` is the last part of the name in CLIENT LIST; `block` is how long one of its commands
    // may wait in Redis.
    public static ConfigurationOptions For(
        RedisSettings settings,
        EndPoint server,
        string purpose = "",
        TimeSpan block = default
    )
    {
        var options = Own(settings);
        options.EndPoints.Clear();
        options.EndPoints.Add(server);
        options.ClientName = ClientName(options.ClientName + purpose);
        options.AsyncTimeout += (int)block.TotalMilliseconds;
        if (block > TimeSpan.Zero)
        {
            // The client looks this often for answers that are overdue. Each look wakes the process.
            options.HeartbeatInterval = waitHeartbeat;
        }

        return options;
    }

    // All servers of the data set, only to find out which one is the primary.
    public static ConfigurationOptions ForReplicas(RedisSettings settings)
    {
        var options = Own(settings);
        options.ClientName = ClientName(options.ClientName + "-roles");
        return options;
    }

    // The sentinels, which have users of their own.
    public static ConfigurationOptions ForSentinels(RedisSettings settings)
    {
        var options = Own(settings);
        options.CommandMap = CommandMap.Sentinel;
        (options.User, options.Password) = (settings.SentinelUserName, settings.SentinelPassword);
        options.ClientName = ClientName(options.ClientName + "-sentinel");
        options.DefaultDatabase = null;
        return options;
    }

    // The configured servers; those of a multiplexer of the user's own are its own affair.
    public static IReadOnlyList<EndPoint> EndPoints(RedisSettings settings) =>
        settings.Connection is { } connection ? connection.GetEndPoints() : [.. settings.Options.EndPoints];

    public static string Address(RedisSettings settings)
    {
        var servers = string.Join(", ", EndPoints(settings).Select(Address));
        return settings is { Connection: null, Options.ServiceName: { Length: > 0 } service }
            ? $"{service} (sentinels {servers})"
            : servers;
    }

    public static string Address(EndPoint server) =>
        server is DnsEndPoint named ? $"{named.Host}:{named.Port}" : $"{server}";

    // A multiplexer of the user's own brings its database; a configured one takes precedence.
    public static int Database(RedisSettings settings) => settings.Options.DefaultDatabase ?? -1;

    // The options of a multiplexer of the user's own, as far as it reveals them: no callbacks, no certificates.
    public static ConfigurationOptions Of(IConnectionMultiplexer connection)
    {
        var options = ConfigurationOptions.Parse(connection.Configuration, ignoreUnknown: true);
        options.EndPoints.Clear();
        options.ServiceName = null;
        return options;
    }

    static ConfigurationOptions Own(RedisSettings settings)
    {
        var options = settings.Options.Clone();
        options.AbortOnConnectFail = false;
        options.ConnectRetry = 1;
        options.ReconnectRetryPolicy = new LinearRetry((int)reconnectAfter.TotalMilliseconds);
        options.AsyncTimeout = options.SyncTimeout = (int)settings.CommandTimeout.TotalMilliseconds;
        // A send fails at once when Redis is unreachable: MassTransit's retries and the outbox handle that.
        options.BacklogPolicy = BacklogPolicy.FailFast;
        // INFO, CLIENT ID and CLIENT UNBLOCK.
        options.AllowAdmin = true;
        (options.ConfigurationChannel, options.TieBreaker, options.ServiceName) = ("", "", null);
        if (options.CommandMap is null || options.CommandMap == CommandMap.Default)
        {
            options.CommandMap = commands;
        }

        return options;
    }

    // CLIENT SETNAME refuses spaces and control characters.
    static string ClientName(string? name) =>
        string.Concat((name ?? "masstransit").Select(letter => letter is > ' ' and < '\x7f' ? letter : '-'));
}
