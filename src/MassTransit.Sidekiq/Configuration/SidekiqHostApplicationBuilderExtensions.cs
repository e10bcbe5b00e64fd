using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace MassTransit;

/// <summary>Configures Redis from a connection string, as Aspire or the application's configuration supplies it.</summary>
public static class SidekiqHostApplicationBuilderExtensions
{
    /// <summary>
    /// Reads Redis from <c>ConnectionStrings:&lt;connectionName&gt;</c>, which Aspire sets for <c>WithReference(redis)</c>: a
    /// connection string of StackExchange.Redis or a URL. The bus itself is added with <c>AddMassTransit</c> and
    /// <c>UsingSidekiq</c>, in either order.
    /// </summary>
    /// <param name="builder">The application's builder.</param>
    /// <param name="connectionName">The name of the connection string, such as <c>redis</c>.</param>
    /// <param name="configure">Other options; they take precedence over the connection string. Default: none.</param>
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
