namespace MassTransit.Sidekiq;

// An address in a job: without the host, since all readers of the job are on the same Redis, perhaps by another host name.
internal static class JobAddress
{
    public static string? Relative(Uri? address) =>
        address switch
        {
            null => null,
            { Scheme: SidekiqHostAddress.Scheme } => "/" + address.Segments[^1] + address.Query,
            _ => address.ToString(),
        };

    // With the host address of this process.
    public static string? Absolute(string? address, Uri host) =>
        address is { Length: > 0 } && address[0] == '/' ? string.Concat(host.AbsoluteUri, address.AsSpan(1)) : address;
}
