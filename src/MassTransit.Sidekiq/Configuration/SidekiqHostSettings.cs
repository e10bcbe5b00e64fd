using System.Reflection;
using StackExchange.Redis;

namespace MassTransit.Sidekiq;

/// Where Redis is and what the bus is on it, gathered from the options, the URL and the configurator, in that order.
internal sealed class SidekiqHostSettings : ISidekiqHostConfigurator, ISpecification
{
    readonly RedisTarget redis = new();

    public SidekiqHostSettings() => ConnectTimeout = TimeSpan.FromSeconds(5);

    public string? UserName
    {
        set => redis.Options.User = value;
    }

    public string? Password
    {
        set => redis.Options.Password = value;
    }

    public int Database
    {
        get => redis.Database;
        set => redis.Database = value;
    }

    public bool UseTls
    {
        set => redis.Options.Ssl = value;
    }

    public string KeyPrefix { get; set; } = "";

    public string ClientName
    {
        get => redis.Options.ClientName ?? "";
        set => redis.Options.ClientName = value;
    }

    public TimeSpan ConnectTimeout
    {
        get => TimeSpan.FromMilliseconds(redis.Options.ConnectTimeout);
        set => redis.Options.ConnectTimeout = (int)value.TotalMilliseconds;
    }

    public string? ServiceName
    {
        set => redis.Options.ServiceName = value;
    }

    public string? SentinelUserName { get; set; }

    public string? SentinelPassword { get; set; }

    public int Replicas { get; set; }

    public int MaxWaitingConnections { get; set; } = 8;

    public SidekiqTimeFormat TimeFormat { get; set; }

    public string Application { get; set; } = Assembly.GetEntryAssembly()?.GetName().Name ?? "masstransit";

    public int DeadMaxJobs
    {
        get => DeadSet.MaxJobs;
        set => DeadSet = DeadSet with { MaxJobs = value };
    }

    public TimeSpan DeadTimeout
    {
        get => DeadSet.Timeout;
        set => DeadSet = DeadSet with { Timeout = value };
    }

    public DeadSet DeadSet { get; private set; } = DeadSet.Default;

    /// A process that shows no life this long is dead, and its jobs are anyone's. Renewed five times as often, so that
    /// four renewals in a row must fail first. Nobody should have to choose it; tests of crashes cannot wait for it.
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(15);

    /// How often the Busy page is told what this process does: Sidekiq's own period.
    public TimeSpan Beat { get; set; } = TimeSpan.FromSeconds(5);

    public SidekiqRemoteControl RemoteControl { get; set; }

    public bool MovesRubyJobs { get; set; }

    /// Where a factory takes a connection of the user's own from; none without a container.
    public IServiceProvider? Services { get; set; }

    public SidekiqHostAddress Address => redis.Address;

    public IReadOnlyList<(string Host, int Port)> Endpoints => redis.Endpoints;

    public void Endpoint(string host, int port = SidekiqHostAddress.DefaultPort) => redis.Further(host, port);

    public void Configure(Action<ConfigurationOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        configure(redis.Options);
    }

    public void UseConnection(IConnectionMultiplexer connection, ConfigurationOptions? waits = null)
    {
        ArgumentNullException.ThrowIfNull(connection);
        redis.Use(connection, waits);
    }

    public void UseConnection(
        Func<IServiceProvider, IConnectionMultiplexer> connect,
        ConfigurationOptions? waits = null
    )
    {
        ArgumentNullException.ThrowIfNull(connect);
        if (Services is { } services)
        {
            redis.Use(connect(services), waits);
        }
        else
        {
            redis.Fault(
                "UseConnection was given a factory, but this bus has no container to give it. Pass the connection itself, or use AddMassTransit."
            );
        }
    }

    public void Apply(SidekiqTransportOptions options)
    {
        if (options.IsHostNamed || options.Endpoints.Count == 0)
        {
            redis.First(options.Host, options.Port);
        }

        (Database, UserName, Password, UseTls) = (options.Database, options.UserName, options.Password, options.UseTls);
        (KeyPrefix, ClientName) = (options.KeyPrefix, options.ClientName);
        (ConnectTimeout, TimeFormat) = (options.ConnectTimeout, options.TimeFormat);
        (ServiceName, Replicas) = (options.ServiceName, options.Replicas);
        MaxWaitingConnections = options.MaxWaitingConnections;
        (SentinelUserName, SentinelPassword) = (options.SentinelUserName, options.SentinelPassword);
        Application = options.Application ?? Application;
        (DeadMaxJobs, DeadTimeout) = (options.DeadMaxJobs, options.DeadTimeout);
        (RemoteControl, MovesRubyJobs) = (options.RemoteControl, options.MovesRubyJobs);

        foreach (var further in options.Endpoints)
        {
            redis.Further(further);
        }

        if (options.Url is { } url)
        {
            redis.Apply(url);
        }
    }

    public void Apply(string url) => redis.Apply(url);

    public void Apply(Uri url) => redis.Apply(url);

    public RedisSettings ToRedisSettings() =>
        new()
        {
            Options = redis.ToOptions(),
            KeyPrefix = KeyPrefix,
            Connection = redis.Connection,
            Replicas = Replicas,
            SentinelUserName = SentinelUserName,
            SentinelPassword = SentinelPassword,
        };

    public IEnumerable<ValidationResult> Validate() => [.. ValidateConnection(), .. ValidateJobs()];

    IEnumerable<ValidationResult> ValidateConnection()
    {
        foreach (var fault in redis.Faults)
        {
            yield return this.Failure("Host", fault);
        }

        foreach (var (host, port) in Endpoints)
        {
            if (string.IsNullOrWhiteSpace(host) || port is < 1 or > 65535)
            {
                yield return this.Failure("Host", $"'{host}:{port}' is not a host and a port from 1 to 65535.");
            }
        }

        if (Database < 0)
        {
            yield return this.Failure("Database", $"{Database} is negative. Redis numbers its databases from 0.");
        }

        if (ClientName.Any(char.IsWhiteSpace))
        {
            yield return this.Failure(
                "ClientName",
                $"'{ClientName}' contains a space, which Redis refuses in a client's name. Write it with '-'."
            );
        }

        if (Replicas < 0)
        {
            yield return this.Failure("Replicas", $"{Replicas} is negative. Write 0 to wait for no replica.");
        }

        if (MaxWaitingConnections < 0)
        {
            yield return this.Failure(
                "MaxWaitingConnections",
                $"{MaxWaitingConnections} is negative. Write 0 to look at all queues in turn. The default is 8."
            );
        }

        if (ConnectTimeout <= TimeSpan.Zero)
        {
            yield return this.Failure("ConnectTimeout", $"{ConnectTimeout} is not positive. The default is 5 seconds.");
        }
    }

    IEnumerable<ValidationResult> ValidateJobs()
    {
        if (!Enum.IsDefined(TimeFormat))
        {
            yield return this.Failure(
                "TimeFormat",
                $"{TimeFormat} is no format of times. Choose FloatSeconds, or IntegerMilliseconds where only Sidekiq 8 reads."
            );
        }

        if (string.IsNullOrWhiteSpace(Application))
        {
            yield return this.Failure("Application", "It is empty. Name the application, or leave it at its default.");
        }

        if (DeadMaxJobs < 1)
        {
            yield return this.Failure("DeadMaxJobs", $"{DeadMaxJobs} is not positive. The default is 10000.");
        }

        if (DeadTimeout <= TimeSpan.Zero)
        {
            yield return this.Failure("DeadTimeout", $"{DeadTimeout} is not positive. The default is 180 days.");
        }
    }
}
