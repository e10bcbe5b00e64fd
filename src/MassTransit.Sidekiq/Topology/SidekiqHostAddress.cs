using System.Globalization;

namespace MassTransit.Sidekiq;

// The address of the Redis that a bus runs on, `sidekiq://host[:port]/[database/]`, always without credentials, since it is
// written to messages and logs.
internal readonly record struct SidekiqHostAddress(string Host, int Port, int Database)
{
    public const string Scheme = "sidekiq";
    public const int DefaultPort = 6379;

    public static SidekiqHostAddress Parse(Uri address)
    {
        var port = address.IsDefaultPort || address.Port < 0 ? DefaultPort : address.Port;
        var first = address.AbsolutePath.Trim('/').Split('/')[0];

        return new SidekiqHostAddress(
            address.Host,
            port,
            int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var database) ? database : 0
        );
    }

    public Uri ToUri() => new(ToString());

    public override string ToString()
    {
        var authority = Host.Contains(':', StringComparison.Ordinal) && Host[0] != '[' ? $"[{Host}]" : Host;
        var port = Port == DefaultPort ? "" : $":{Port}";
        var database = Database == 0 ? "" : $"{Database}/";

        return $"{Scheme}://{authority}{port}/{database}";
    }
}
