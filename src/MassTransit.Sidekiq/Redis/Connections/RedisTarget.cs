using System.Globalization;
using System.Net;
using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// Where Redis is and how to log in, collected from several sources in the client's own options, so that all of them can be
// set. An input that cannot be parsed is a fault, which does not quote it: it may hold a password.
internal sealed class RedisTarget
{
    readonly List<(string Host, int Port)> further = [];
    readonly List<string> faults = [];
    (string Host, int Port)? first;

    public ConfigurationOptions Options { get; private set; } = new() { ClientName = "masstransit" };

    // A connection of the user's own; `Options` are then those of the other connections.
    public IConnectionMultiplexer? Connection { get; private set; }

    public IReadOnlyList<string> Faults => faults;

    public int Database
    {
        get => Options.DefaultDatabase ?? 0;
        set => Options.DefaultDatabase = value;
    }

    // All configured servers: those of a connection string or of the options, then that of the URL, then further ones.
    public IReadOnlyList<(string Host, int Port)> Endpoints
    {
        get
        {
            List<(string, int)> named = [.. Options.EndPoints.Select(Named).OfType<(string, int)>()];
            if (first is { } host)
            {
                named.Add(host);
            }

            named.AddRange(further);
            return named.Count > 0 || Options.EndPoints.Count > 0
                ? named
                : [("localhost", SidekiqHostAddress.DefaultPort)];
        }
    }

    // The first server; behind sentinels the name of the service, which is the same for all processes.
    public SidekiqHostAddress Address
    {
        get
        {
            if (Connection is null && Options.ServiceName is { Length: > 0 } service)
            {
                return new SidekiqHostAddress(service, SidekiqHostAddress.DefaultPort, Database);
            }

            var servers = Connection is null
                ? Endpoints
                : [.. Connection.GetEndPoints().Select(Named).OfType<(string, int)>()];
            // A Unix socket has no host: it is on this machine.
            var (host, port) = servers is [var server, ..] ? server : ("localhost", SidekiqHostAddress.DefaultPort);
            return new SidekiqHostAddress(host, port, Database);
        }
    }

    public void First(string host, int port) => first = (host, port);

    public void Further(string host, int port) => further.Add((host, port));

    public void Fault(string fault) => faults.Add(fault);

    public void Use(IConnectionMultiplexer connection, ConfigurationOptions? waits)
    {
        var database = Options.DefaultDatabase;
        Connection = connection;
        Options = waits?.Clone() ?? RedisOptions.Of(connection);
        Options.DefaultDatabase = database ?? Options.DefaultDatabase;
        Options.ClientName ??= "masstransit";
    }

    // "redis-2:7000", "[::1]:7000", or only a host.
    public void Further(string endpoint)
    {
        var end = endpoint.StartsWith('[') ? endpoint.IndexOf(']', StringComparison.Ordinal) : -1;
        var colon = endpoint.LastIndexOf(':');
        var isAddress = end < 0 && colon != endpoint.IndexOf(':', StringComparison.Ordinal);
        if (colon <= end || isAddress)
        {
            Further(endpoint.Trim('[', ']'), SidekiqHostAddress.DefaultPort);
        }
        else if (
            int.TryParse(endpoint.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
        )
        {
            Further(endpoint[..colon].Trim('[', ']'), port);
        }
        else
        {
            faults.Add($"Endpoint '{endpoint}' is not host:port. Write it as redis-2:6379.");
        }
    }

    // A URL, or a connection string of StackExchange.Redis.
    public void Apply(string text)
    {
        // The client takes an invalid URL for a host name.
        var isUrl = text.Contains("://", StringComparison.Ordinal);
        if (isUrl && Uri.TryCreate(text, UriKind.Absolute, out var url))
        {
            Apply(url);
        }
        else if (isUrl || text.AsSpan().IndexOfAny(":,=") < 0 || !TryApplyConnectionString(text))
        {
            faults.Add(
                "Url is neither a URL nor a connection string. Write it as redis://user:password@host:6379/0, "
                    + "or as host:6379,user=…,password=…,defaultDatabase=0."
            );
        }
    }

    public void Apply(Uri url)
    {
        if (url.Scheme is not ("redis" or "rediss" or SidekiqHostAddress.Scheme))
        {
            faults.Add(
                $"Scheme '{url.Scheme}' is not a Redis scheme. Write the host as redis://user:password@host:6379/0, or rediss:// for TLS."
            );
            return;
        }

        var address = SidekiqHostAddress.Parse(url);
        Options.EndPoints.Clear();
        first = (address.Host, address.Port);
        Database = address.Database;
        Options.Ssl |= url.Scheme == "rediss";

        var credentials = url.UserInfo.Split(':', 2);
        if (credentials.Length == 2)
        {
            Options.User = credentials[0].Length == 0 ? null : Uri.UnescapeDataString(credentials[0]);
            Options.Password = Uri.UnescapeDataString(credentials[1]);
        }
        else if (url.UserInfo.Length > 0)
        {
            faults.Add(
                "The URL has a user but no password. Write it as redis://user:password@host, or redis://:password@host."
            );
        }
    }

    // The options with all servers in them.
    public ConfigurationOptions ToOptions()
    {
        var settled = Options.Clone();
        settled.EndPoints.Clear();
        foreach (var (host, port) in Endpoints)
        {
            settled.EndPoints.Add(host, port);
        }

        foreach (var socket in Options.EndPoints.Where(server => Named(server) is null))
        {
            settled.EndPoints.Add(socket);
        }

        return settled;
    }

    // The form that Aspire, Azure and most .NET code provide. Settings that it does not contain are kept.
    bool TryApplyConnectionString(string text)
    {
        ConfigurationOptions parsed;
        try
        {
            parsed = ConfigurationOptions.Parse(text);
        }
        catch (Exception unreadable) when (unreadable is ArgumentException or FormatException)
        {
            return false;
        }

        // The client omits a server that it cannot parse.
        var parts = text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var servers = parts.Count(part => !part.Contains('=', StringComparison.Ordinal));
        if (parts.Length == 0 || servers != parsed.EndPoints.Count)
        {
            return false;
        }

        if (!text.Contains("connectTimeout=", StringComparison.OrdinalIgnoreCase))
        {
            parsed.ConnectTimeout = Options.ConnectTimeout;
        }

        parsed.User ??= Options.User;
        parsed.Password ??= Options.Password;
        parsed.Ssl |= Options.Ssl;
        parsed.DefaultDatabase ??= Options.DefaultDatabase;
        parsed.ServiceName ??= Options.ServiceName;
        parsed.ClientName ??= Options.ClientName;
        (Options, first) = (parsed, null);

        return true;
    }

    // Where a connection string has no port, the default of StackExchange.Redis. Null for a Unix socket.
    (string Host, int Port)? Named(EndPoint server)
    {
        var usual =
            Options.ServiceName is { Length: > 0 } ? 26379
            : Options.Ssl ? 6380
            : SidekiqHostAddress.DefaultPort;

        return server switch
        {
            DnsEndPoint named => (named.Host, named.Port == 0 ? usual : named.Port),
            IPEndPoint address => ($"{address.Address}", address.Port == 0 ? usual : address.Port),
            _ => null,
        };
    }
}
