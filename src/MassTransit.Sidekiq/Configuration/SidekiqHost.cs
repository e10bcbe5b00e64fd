using MassTransit.Transports;

namespace MassTransit.Sidekiq;

// The running bus: its endpoints and the Sidekiq process that ends with it.
internal sealed class SidekiqHost(SidekiqHostConfiguration configuration, IBusTopology topology)
    : BaseHost(configuration, topology),
        IHost<ISidekiqReceiveEndpointConfigurator>
{
    public override HostReceiveEndpointHandle ConnectReceiveEndpoint(
        IEndpointDefinition definition,
        IEndpointNameFormatter? endpointNameFormatter,
        Action<IReceiveEndpointConfigurator>? configureEndpoint = null
    ) =>
        ConnectReceiveEndpoint(
            definition,
            endpointNameFormatter,
            (ISidekiqReceiveEndpointConfigurator x) => configureEndpoint?.Invoke(x)
        );

    public override HostReceiveEndpointHandle ConnectReceiveEndpoint(
        string queueName,
        Action<IReceiveEndpointConfigurator>? configureEndpoint = null
    ) => ConnectReceiveEndpoint(queueName, (ISidekiqReceiveEndpointConfigurator x) => configureEndpoint?.Invoke(x));

    public HostReceiveEndpointHandle ConnectReceiveEndpoint(
        IEndpointDefinition definition,
        IEndpointNameFormatter? endpointNameFormatter = null,
        Action<ISidekiqReceiveEndpointConfigurator>? configureEndpoint = null
    ) =>
        ConnectReceiveEndpoint(
            definition.GetEndpointName(endpointNameFormatter ?? DefaultEndpointNameFormatter.Instance),
            (ISidekiqReceiveEndpointConfigurator endpoint) =>
            {
                configuration.ApplyEndpointDefinition(endpoint, definition);
                configureEndpoint?.Invoke(endpoint);
            }
        );

    public HostReceiveEndpointHandle ConnectReceiveEndpoint(
        string queueName,
        Action<ISidekiqReceiveEndpointConfigurator>? configureEndpoint = null
    )
    {
        LogContext.SetCurrentIfNull(configuration.LogContext);

        var endpoint = configuration.CreateSidekiqEndpoint(queueName, configureEndpoint);
        TransportLogMessages.ConnectReceiveEndpoint(endpoint.InputAddress);
        endpoint.Validate().ThrowIfContainsFailure("The receive endpoint configuration is invalid:");
        endpoint.Build(this);

        return ReceiveEndpoints.Start(queueName);
    }

    protected override void Probe(ProbeContext context)
    {
        context.Add("type", "Sidekiq");
        context.Add("address", configuration.HostAddress.ToString());
        context.Add("keyPrefix", configuration.Settings.Options.KeyPrefix);
    }

    // MassTransit stops these last, when no endpoint consumes or sends anymore.
    protected override IAgent[] GetAgentHandles() => configuration.Runtime.EndProcess() is { } process ? [process] : [];
}
