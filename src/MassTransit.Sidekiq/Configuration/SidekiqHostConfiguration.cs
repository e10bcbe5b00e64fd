using MassTransit.Configuration;
using MassTransit.Transports;

namespace MassTransit.Sidekiq;

// The host of one bus as MassTransit configures it: its settings and its endpoints. Running parts see only the `BusRuntime`
// that this builds.
internal sealed class SidekiqHostConfiguration
    : BaseHostConfiguration<SidekiqReceiveEndpointConfiguration, ISidekiqReceiveEndpointConfigurator>,
        IHasRuntime
{
    readonly SidekiqBusConfiguration bus;
    readonly SidekiqBusTopology topology;

    public SidekiqHostConfiguration(SidekiqBusConfiguration bus)
        : base(bus)
    {
        this.bus = bus;
        Runtime = new BusRuntime(this, Settings, bus.SidekiqTopology.SidekiqPublish);
        Destinations = new JobDestinations(Runtime.Entities);
        Periodic = new PeriodicDeclarations(Runtime);
        topology = new SidekiqBusTopology(this, bus.SidekiqTopology);
        ReceiveTransportRetryPolicy = MassTransit.Retry.CreatePolicy(x =>
        {
            x.Handle<ConnectionException>(fault => fault.IsTransient);
            x.Exponential(
                1000,
                TimeSpan.FromMilliseconds(100),
                TimeSpan.FromSeconds(5),
                TimeSpan.FromMilliseconds(200)
            );
        });
    }

    public SidekiqHostSettings Settings { get; } = new();

    public BusRuntime Runtime { get; }

    public JobDestinations Destinations { get; }

    public PeriodicDeclarations Periodic { get; }

    // Starts an endpoint. A test harness has its jobs run when the test asks for it.
    public Func<SidekiqReceiveEndpointContext, ReceiveTransportHandle> StartReceiver { get; set; } =
        static context => new JobReceiver(context);

    public LimitRegistry Limits { get; } = new();

    // The classes of all endpoints, but for temporary ones, which nobody else sends to.
    public ClassSuggestions Suggestions { get; } = new();

    // The retry options of endpoints that do not configure their own.
    public JobFailureOptions Retry { get; set; } = JobFailureOptions.None;

    public override Uri HostAddress => Settings.Redis.Address.ToUri();

    public override IBusTopology Topology => topology;

    public override IRetryPolicy ReceiveTransportRetryPolicy { get; }

    public void ApplyEndpointDefinition(
        ISidekiqReceiveEndpointConfigurator configurator,
        IEndpointDefinition definition
    )
    {
        if (definition.IsTemporary)
        {
            configurator.Temporary = true;
        }

        base.ApplyEndpointDefinition(configurator, definition);
    }

    public SidekiqReceiveEndpointConfiguration CreateReceiveEndpointConfiguration(
        string queueName,
        SidekiqEndpointConfiguration endpointConfiguration,
        Action<ISidekiqReceiveEndpointConfigurator>? configure
    )
    {
        var configuration = new SidekiqReceiveEndpointConfiguration(this, queueName, endpointConfiguration);
        configure?.Invoke(configuration);
        Observers.EndpointConfigured(configuration);
        Add(configuration);

        return configuration;
    }

    public SidekiqReceiveEndpointConfiguration CreateSidekiqEndpoint(
        string queueName,
        Action<ISidekiqReceiveEndpointConfigurator>? configure
    ) =>
        CreateReceiveEndpointConfiguration(queueName, bus.CreateEndpointConfiguration(isBusEndpoint: false), configure);

    public override IReceiveEndpointConfiguration CreateReceiveEndpointConfiguration(
        string queueName,
        Action<IReceiveEndpointConfigurator>? configure
    ) => CreateSidekiqEndpoint(queueName, configure);

    public override void ReceiveEndpoint(
        IEndpointDefinition definition,
        IEndpointNameFormatter? endpointNameFormatter,
        Action<ISidekiqReceiveEndpointConfigurator>? configureEndpoint = null
    ) =>
        ReceiveEndpoint(
            definition.GetEndpointName(endpointNameFormatter ?? DefaultEndpointNameFormatter.Instance),
            endpoint =>
            {
                ApplyEndpointDefinition(endpoint, definition);
                configureEndpoint?.Invoke(endpoint);
            }
        );

    public override void ReceiveEndpoint(
        string queueName,
        Action<ISidekiqReceiveEndpointConfigurator> configureEndpoint
    ) => CreateSidekiqEndpoint(queueName, configureEndpoint);

    public override IHost Build()
    {
        var host = new SidekiqHost(this, topology);
        // Returned only once: a second call yields none.
        var endpoints = GetConfiguredEndpoints().ToList();
        foreach (var endpoint in endpoints)
        {
            endpoint.Build(host);
        }

        Runtime.Endpoints = new OwnEndpoints(
            [.. endpoints.Where(endpoint => endpoint.Topics.Count > 0).Select(endpoint => endpoint.InputAddress)],
            endpoints
                .Where(endpoint => endpoint.Temporary)
                .ToDictionary(endpoint => endpoint.InputAddress, endpoint => endpoint.Name)
        );
        return host;
    }

    // Contracts after the endpoints, which register the messages they consume.
    public override IEnumerable<ValidationResult> Validate() =>
        [
            .. Settings.Validate(),
            .. base.Validate(),
            .. Runtime.ValidateContracts(),
            .. Periodic.Validate(),
            .. Limits.Faults.Select(fault => this.Failure("Limit", fault)),
        ];
}
