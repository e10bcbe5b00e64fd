using System.Net;
using System.Reflection;
using StackExchange.Redis;

namespace MassTransit.Sidekiq;

/// Our settings in StackExchange.Redis' words.
internal static class RedisOptions
{
    // No subscription connection (nothing here listens to channels), and no question about a cluster, which Sidekiq refuses.
    static readonly CommandMap commands = CommandMap.Create(
        ["SUBSCRIBE", "PSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "CLUSTER"],
        available: false
    );

    // StackExchange.Redis knows users since 2.1.
    static readonly PropertyInfo? user = typeof(ConfigurationOptions).GetProperty("User");

    public static ConfigurationOptions For(RedisSettings settings)
    {
        var options = new ConfigurationOptions
        {
            AbortOnConnectFail = false,
            ConnectRetry = 1,
            ConnectTimeout = (int)settings.ConnectTimeout.TotalMilliseconds,
            SyncTimeout = (int)settings.CommandTimeout.TotalMilliseconds,
            ReconnectRetryPolicy = new LinearRetry(250),
            KeepAlive = 60,
            CommandMap = commands,
            ConfigurationChannel = "",
            TieBreaker = "",
            ClientName = ClientName(settings),
            Ssl = settings.UseTls,
        };
        foreach (var (host, port) in settings.Endpoints)
        {
            options.EndPoints.Add(host, port);
        }

        if (!string.IsNullOrEmpty(settings.Password))
        {
            options.Password = settings.Password;
        }

        if (!string.IsNullOrEmpty(settings.UserName) && settings.UserName != "default")
        {
            SetUser(options, settings.UserName);
        }

        return options;
    }

    /// For a connection beside the multiplexer: one that the user gave is asked for what it was made of.
    public static RedisSettings Direct(RedisSettings settings)
    {
        if (settings.Connection is not { } connection)
        {
            return settings;
        }

        var options = ConfigurationOptions.Parse(connection.Configuration, ignoreUnknown: true);
        return settings with
        {
            UserName = user?.GetValue(options) as string,
            Password = options.Password,
            UseTls = options.Ssl,
            Database = settings.Database == 0 ? options.DefaultDatabase ?? 0 : settings.Database,
        };
    }

    public static IReadOnlyList<EndPoint> EndPoints(RedisSettings settings) =>
        settings.Connection is { } connection
            ? connection.GetEndPoints()
            : [.. settings.Endpoints.Select(endpoint => new DnsEndPoint(endpoint.Host, endpoint.Port))];

    // A multiplexer of the user's own brings its database; one we are told to use wins.
    public static int Database(RedisSettings settings) =>
        settings is { Connection: not null, Database: 0 } ? -1 : settings.Database;

    // CLIENT SETNAME refuses spaces and control characters.
    public static string ClientName(RedisSettings settings) =>
        string.Concat(settings.ClientName.Select(letter => letter is > ' ' and < '\x7f' ? letter : '-'));

    static void SetUser(ConfigurationOptions options, string name)
    {
        if (user is null)
        {
            var version = typeof(ConfigurationOptions).Assembly.GetName().Version;
            throw new ConnectionException(
                $"StackExchange.Redis {version?.ToString(3)} cannot log in as '{name}': it knows only passwords, for Redis' default user. "
                    + "Add a PackageReference to StackExchange.Redis 2.1 or later.",
                isTransient: false
            );
        }

        user.SetValue(options, name);
    }
}
