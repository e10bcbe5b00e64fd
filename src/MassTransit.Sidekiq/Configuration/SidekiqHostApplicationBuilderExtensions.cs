using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace MassTransit;

/// <summary>The one line for applications that get their Redis as a connection string, from Aspire or their configuration.</summary>
public static class SidekiqHostApplicationBuilderExtensions
{
    /// <summary>
    /// Takes Redis from <c>ConnectionStrings:&lt;connectionName&gt;</c>, where Aspire puts what <c>WithReference(redis)</c> names:
    /// as a connection string of StackExchange.Redis or as a URL. The bus itself is added with <c>AddMassTransit</c> and
    /// <c>UsingSidekiq</c>, in either order.
    /// </summary>
    /// <param name="builder">The application.</param>
    /// <param name="connectionName">The name of the connection string, such as <c>redis</c>.</param>
    /// <param name="configure">Further options; what they set wins. Default: none.</param>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">At start, when there is no such connection string.</exception>
    public static IHostApplicationBuilder AddSidekiq(
        this IHostApplicationBuilder builder,
        string connectionName,
        Action<SidekiqTransportOptions>? configure = null
    )
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionName);

        builder
            .Services.AddOptions<SidekiqTransportOptions>()
            .Configure<IConfiguration>(
                (options, configuration) =>
                {
                    options.Url = configuration.GetConnectionString(connectionName) ?? options.Url;
                    configure?.Invoke(options);
                }
            )
            .Validate(
                options => !string.IsNullOrWhiteSpace(options.Url),
                $"ConnectionStrings:{connectionName} is missing. Set it to host:6379,password=… or redis://…, as the environment variable "
                    + $"ConnectionStrings__{connectionName}, or reference the resource '{connectionName}' in the Aspire host."
            )
            .ValidateOnStart();

        return builder;
    }
}
