using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// The settings of a bus as a configurator sets them, with their validation. Later ones override: first the options, then the
// URL, then the configurator.
internal sealed class SidekiqHostSettings : BusSettings, ISidekiqHostConfigurator, ISpecification
{
    public SidekiqHostSettings() => ConnectTimeout = Options.ConnectTimeout;

    public string? UserName
    {
        set => Redis.Options.User = value;
    }

    public string? Password
    {
        set => Redis.Options.Password = value;
    }

    public int Database
    {
        get => Redis.Database;
        set => Redis.Database = value;
    }

    public bool UseTls
    {
        set => Redis.Options.Ssl = value;
    }

    public string ClientName
    {
        get => Redis.Options.ClientName ?? "";
        set => Redis.Options.ClientName = value;
    }

    public TimeSpan ConnectTimeout
    {
        get => TimeSpan.FromMilliseconds(Redis.Options.ConnectTimeout);
        set => Redis.Options.ConnectTimeout = (int)value.TotalMilliseconds;
    }

    public string? ServiceName
    {
        set => Redis.Options.ServiceName = value;
    }

    public string KeyPrefix
    {
        set => Options.KeyPrefix = value;
    }

    public string? SentinelUserName
    {
        set => Options.SentinelUserName = value;
    }

    public string? SentinelPassword
    {
        set => Options.SentinelPassword = value;
    }

    public int Replicas
    {
        set => Options.Replicas = value;
    }

    public int MaxWaitingConnections
    {
        set => Options.MaxWaitingConnections = value;
    }

    public SidekiqTimeFormat TimeFormat
    {
        set => Options.TimeFormat = value;
    }

    string ISidekiqHostConfigurator.Application
    {
        set => Options.Application = value;
    }

    public int DeadMaxJobs
    {
        set => Options.DeadMaxJobs = value;
    }

    public TimeSpan DeadTimeout
    {
        set => Options.DeadTimeout = value;
    }

    public SidekiqRemoteControl RemoteControl
    {
        set => Options.RemoteControl = value;
    }

    public bool MovesRubyJobs
    {
        set => Options.MovesRubyJobs = value;
    }

    // The container that a factory gets the user's connection from; null without one.
    public IServiceProvider? Services { get; set; }

    public void EncryptionKey(int version, string key) => Options.EncryptionKeys[version] = key;

    public void Endpoint(string host, int port = SidekiqHostAddress.DefaultPort) => Redis.Further(host, port);

    public void Configure(Action<ConfigurationOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        configure(Redis.Options);
    }

    public void UseConnection(IConnectionMultiplexer connection, ConfigurationOptions? waits = null)
    {
        ArgumentNullException.ThrowIfNull(connection);
        Redis.Use(connection, waits);
    }

    public void UseConnection(
        Func<IServiceProvider, IConnectionMultiplexer> connect,
        ConfigurationOptions? waits = null
    )
    {
        ArgumentNullException.ThrowIfNull(connect);
        if (Services is { } services)
        {
            Redis.Use(connect(services), waits);
        }
        else
        {
            Redis.Fault(
                "UseConnection was given a factory, but this bus has no container to call it with. Pass the connection itself, or use AddMassTransit."
            );
        }
    }

    public void Apply(SidekiqTransportOptions options)
    {
        if (options.IsHostNamed || options.Endpoints.Count == 0)
        {
            Redis.First(options.Host, options.Port);
        }

        Options = options.Copy();
        (Database, UserName, Password, UseTls) = (options.Database, options.UserName, options.Password, options.UseTls);
        (ClientName, ConnectTimeout) = (options.ClientName, options.ConnectTimeout);
        ServiceName = options.ServiceName;

        foreach (var further in options.Endpoints)
        {
            Redis.Further(further);
        }

        if (options.Url is { } url)
        {
            Redis.Apply(url);
        }
    }

    public void Apply(string url) => Redis.Apply(url);

    public void Apply(Uri url) => Redis.Apply(url);

    public IEnumerable<ValidationResult> Validate() => [.. ValidateConnection(), .. ValidateJobs()];

    IEnumerable<ValidationResult> ValidateConnection()
    {
        foreach (var fault in Redis.Faults)
        {
            yield return this.Failure("Host", fault);
        }

        foreach (var (host, port) in Redis.Endpoints)
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

        if (Options.Replicas < 0)
        {
            yield return this.Failure("Replicas", $"{Options.Replicas} is negative. Write 0 to wait for no replica.");
        }

        if (Options.MaxWaitingConnections < 0)
        {
            yield return this.Failure(
                "MaxWaitingConnections",
                $"{Options.MaxWaitingConnections} is negative. Write 0 to poll all queues together. The default is 8."
            );
        }

        if (ConnectTimeout <= TimeSpan.Zero)
        {
            yield return this.Failure("ConnectTimeout", $"{ConnectTimeout} is not positive. The default is 5 seconds.");
        }
    }

    IEnumerable<ValidationResult> ValidateJobs()
    {
        if (!Enum.IsDefined(Options.TimeFormat))
        {
            yield return this.Failure(
                "TimeFormat",
                $"{Options.TimeFormat} is not a time format. Choose FloatSeconds, or IntegerMilliseconds where only Sidekiq 8 reads the jobs."
            );
        }

        if (!Enum.IsDefined(Options.RemoteControl))
        {
            yield return this.Failure(
                "RemoteControl",
                $"{Options.RemoteControl} is not a setting of it. Choose {string.Join(", ", Enum.GetNames<SidekiqRemoteControl>())}."
            );
        }

        foreach (var (version, key) in Options.EncryptionKeys)
        {
            if (KeyRing.Fault(version, key) is { } fault)
            {
                yield return this.Failure("EncryptionKeys", fault);
            }
        }

        if (string.IsNullOrWhiteSpace(Application))
        {
            yield return this.Failure("Application", "It is empty. Name the application, or leave it at its default.");
        }

        if (Options.DeadMaxJobs < 1)
        {
            yield return this.Failure("DeadMaxJobs", $"{Options.DeadMaxJobs} is not positive. The default is 10000.");
        }

        if (Options.DeadTimeout <= TimeSpan.Zero)
        {
            yield return this.Failure(
                "DeadTimeout",
                $"{Options.DeadTimeout} is not positive. The default is 180 days."
            );
        }
    }
}
