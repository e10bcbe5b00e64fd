using System.Globalization;
using System.Reflection;
using StackExchange.Redis;

namespace MassTransit.Sidekiq;

/// Where Redis is, gathered from the options, the URL and the configurator, in that order.
internal sealed class SidekiqHostSettings : ISidekiqHostConfigurator, ISpecification
{
    readonly List<(string Host, int Port)> endpoints = [("localhost", SidekiqHostAddress.DefaultPort)];
    readonly List<string> faults = [];

    public string? UserName { get; set; }

    public string? Password { get; set; }

    public int Database { get; set; }

    public bool UseTls { get; set; }

    public string KeyPrefix { get; set; } = "";

    public string ClientName { get; set; } = "masstransit";

    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

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

    public IConnectionMultiplexer? Connection { get; private set; }

    public IReadOnlyList<(string Host, int Port)> Endpoints => endpoints;

    public SidekiqHostAddress Address => new(endpoints[0].Host, endpoints[0].Port, Database);

    public void Endpoint(string host, int port = SidekiqHostAddress.DefaultPort) => endpoints.Add((host, port));

    public void UseConnection(IConnectionMultiplexer connection) => Connection = connection;

    public void Apply(SidekiqTransportOptions options)
    {
        endpoints[0] = (options.Host, options.Port);
        (Database, UserName, Password, UseTls) = (options.Database, options.UserName, options.Password, options.UseTls);
        (KeyPrefix, ClientName) = (options.KeyPrefix, options.ClientName);
        (ConnectTimeout, TimeFormat) = (options.ConnectTimeout, options.TimeFormat);
        Application = options.Application ?? Application;
        (DeadMaxJobs, DeadTimeout) = (options.DeadMaxJobs, options.DeadTimeout);
        RemoteControl = options.RemoteControl;

        foreach (var further in options.Endpoints)
        {
            AddEndpoint(further);
        }

        if (options.Url is { } url)
        {
            Apply(url);
        }
    }

    /// What is no URL is a fault among the others, and is not repeated in it: it may hold a password.
    public void Apply(string url)
    {
        if (Uri.TryCreate(url, UriKind.Absolute, out var parsed))
        {
            Apply(parsed);
        }
        else
        {
            faults.Add("Url is not an absolute URL. Write it as redis://user:password@host:6379/0.");
        }
    }

    void AddEndpoint(string further)
    {
        var colon = further.LastIndexOf(':');
        if (colon < 0)
        {
            Endpoint(further, SidekiqHostAddress.DefaultPort);
        }
        else if (int.TryParse(further.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            Endpoint(further[..colon], port);
        }
        else
        {
            faults.Add($"Endpoint '{further}' is not host:port. Write it as redis-2:6379.");
        }
    }

    public void Apply(Uri url)
    {
        if (url.Scheme is not ("redis" or "rediss" or SidekiqHostAddress.Scheme))
        {
            faults.Add(
                $"Scheme '{url.Scheme}' is not Redis'. Write the host as redis://user:password@host:6379/0, or rediss:// for TLS."
            );
            return;
        }

        var address = SidekiqHostAddress.Parse(url);
        endpoints[0] = (address.Host, address.Port);
        Database = address.Database;
        UseTls |= url.Scheme == "rediss";

        var credentials = url.UserInfo.Split(':', 2);
        if (credentials.Length == 2)
        {
            UserName = credentials[0].Length == 0 ? null : Uri.UnescapeDataString(credentials[0]);
            Password = Uri.UnescapeDataString(credentials[1]);
        }
        else if (url.UserInfo.Length > 0)
        {
            faults.Add(
                "The URL has a user but no password. Write it as redis://user:password@host, or redis://:password@host."
            );
        }
    }

    public RedisSettings ToRedisSettings() =>
        new()
        {
            Endpoints = endpoints,
            Database = Database,
            UserName = UserName,
            Password = Password,
            UseTls = UseTls,
            KeyPrefix = KeyPrefix,
            ClientName = ClientName,
            Connection = Connection,
            ConnectTimeout = ConnectTimeout,
        };

    public IEnumerable<ValidationResult> Validate() => [.. ValidateConnection(), .. ValidateJobs()];

    IEnumerable<ValidationResult> ValidateConnection()
    {
        foreach (var fault in faults)
        {
            yield return this.Failure("Host", fault);
        }

        foreach (var (host, port) in endpoints)
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
