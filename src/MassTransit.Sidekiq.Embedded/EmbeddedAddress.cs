using Microsoft.Extensions.Options;

namespace MassTransit.Sidekiq;

// Leads a bus to the embedded server where no Redis is configured.
internal sealed class EmbeddedAddress(EmbeddedServer server) : IPostConfigureOptions<SidekiqTransportOptions>
{
    public void PostConfigure(string? name, SidekiqTransportOptions options)
    {
        if (options.Url is null && !options.IsHostNamed && options.Endpoints.Count == 0 && options.ServiceName is null)
        {
            (options.Host, options.Port) = ("127.0.0.1", server.Reserve());
        }
    }
}
