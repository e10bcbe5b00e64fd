using MassTransit.Configuration;
using MassTransit.Transports;
using IHostApplicationLifetime = Microsoft.Extensions.Hosting.IHostApplicationLifetime;

namespace MassTransit.Sidekiq;

/// The host of one bus: its Redis, its contracts, its endpoints.
internal sealed class SidekiqHostConfiguration
    : BaseHostConfiguration<SidekiqReceiveEndpointConfiguration, ISidekiqReceiveEndpointConfigurator>
{
    readonly SidekiqBusConfiguration bus;
    readonly SidekiqBusTopology topology;
    SidekiqProcess? process;
    bool hasEnded;

    public SidekiqHostConfiguration(SidekiqBusConfiguration bus)
        : base(bus)
    {
        this.bus = bus;
        Failures = new JobFailure(new RetrySchedule(Random));
        Periodic = new PeriodicDeclarations(this);
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

    public JobContracts Contracts { get; } = new();

    public TimeProvider Clock { get; set; } = TimeProvider.System;

    // The one place where chance comes from; all others are given it.
#pragma warning disable RS0030
    public Random Random { get; } = Random.Shared;
#pragma warning restore RS0030

    /// The host that the bus runs in; none without a container.
    public IHostApplicationLifetime? Lifetime { get; set; }

    /// Whether that host serves HTTP as well.
    public bool IsWebHost { get; set; }

    public JobFailure Failures { get; }

    public PeriodicDeclarations Periodic { get; }

    /// Which of several buses of the application it is; null for its first.
    public string? BusName { get; set; }

    /// Who is told of jobs that die.
    public JobDeaths Deaths { get; } = new();

    /// What becomes of failed jobs on endpoints that do not say.
    public JobFailureOptions Retry { get; set; } = JobFailureOptions.None;

    public PublishedEntities Entities { get; } = new();

    public SidekiqPublishTopology PublishTopology => bus.SidekiqTopology.SidekiqPublish;

    public override Uri HostAddress => Settings.Address.ToUri();

    public override IBusTopology Topology => topology;

    public override IRetryPolicy ReceiveTransportRetryPolicy { get; }

    /// What this bus is in Redis: made when it is first asked for, before the bus starts or when it does, and ended when the
    /// bus stops. Whoever still asks then gets the one that has ended, on which nothing can be done.
    public SidekiqProcess Process
    {
        get
        {
            lock (topology)
            {
                return process ??= new SidekiqProcess(this);
            }
        }
    }

    /// The same, if there is one that has not ended: whoever only looks should not begin one.
    public SidekiqProcess? RunningProcess
    {
        get
        {
            lock (topology)
            {
                return hasEnded ? null : process;
            }
        }
    }

    /// The endpoints whose subscriptions a publish of this bus should find.
    public IReadOnlyList<Uri> SubscribingEndpoints { get; private set; } = [];

    /// The temporary queues of this bus, in which it waits for answers, by their addresses.
    public IReadOnlyDictionary<Uri, string> AnswerQueues { get; private set; } = new Dictionary<Uri, string>();

    /// A bus that starts anew is another process in Redis than before.
    public SidekiqProcess BeginProcess()
    {
        lock (topology)
        {
            if (hasEnded)
            {
                (process, hasEnded) = (null, false);
            }

            return Process;
        }
    }

    public SidekiqProcess? EndProcess()
    {
        lock (topology)
        {
            if (hasEnded)
            {
                return null;
            }

            hasEnded = process is not null;
            return process;
        }
    }

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
        // Given once: a second call finds none.
        var endpoints = GetConfiguredEndpoints().ToList();
        foreach (var endpoint in endpoints)
        {
            endpoint.Build(host);
        }

        SubscribingEndpoints =
        [
            .. endpoints.Where(endpoint => endpoint.Topics.Count > 0).Select(endpoint => endpoint.InputAddress),
        ];
        AnswerQueues = endpoints
            .Where(endpoint => endpoint.Temporary)
            .ToDictionary(endpoint => endpoint.InputAddress, endpoint => endpoint.Name);
        return host;
    }

    /// The contracts last: the endpoints name the messages they are of.
    public override IEnumerable<ValidationResult> Validate() =>
        [.. Settings.Validate(), .. base.Validate(), .. Contracts.Validate(), .. Periodic.Validate()];
}
