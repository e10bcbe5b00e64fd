using MassTransit.Configuration;

namespace MassTransit.Sidekiq;

internal sealed class SidekiqBusFactoryConfigurator
    : BusFactoryConfigurator,
        ISidekiqBusFactoryConfigurator,
        IBusFactory
{
    readonly SidekiqBusConfiguration bus;

    public SidekiqBusFactoryConfigurator(SidekiqBusConfiguration bus)
        : base(bus)
    {
        this.bus = bus;

        foreach (var naming in Enum.GetValues<SidekiqNaming>())
        {
            AddSerializer(new SidekiqSerializerFactory(naming), isSerializer: naming == SidekiqNaming.CamelCase);
            AddDeserializer(new SidekiqSerializerFactory(naming), isDefault: naming == SidekiqNaming.CamelCase);
        }

        bus.ConnectBusObserver(new PeriodicObserver(bus.Host.Runtime, bus.Host.Periodic));

        // First, so that they wrap all filters that users add around their consumers.
        AddPrePipeSpecification(new JobRetrySpecification());
        AddPrePipeSpecification(new SidekiqSchedulerSpecification(bus.Host.Runtime));
    }

    public void Host(string url, Action<ISidekiqHostConfigurator>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(url);
        bus.Host.Settings.Apply(url);
        configure?.Invoke(bus.Host.Settings);
    }

    public void Host(Uri url, Action<ISidekiqHostConfigurator>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(url);
        bus.Host.Settings.Apply(url);
        configure?.Invoke(bus.Host.Settings);
    }

    public void Host(Action<ISidekiqHostConfigurator> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        configure(bus.Host.Settings);
    }

    public void Job<T>(Action<ISidekiqJobConfigurator> configure)
        where T : class => bus.Host.Runtime.Contracts.Job<T>(configure);

    public void UseSidekiqRetry(Action<ISidekiqRetryConfigurator> configure) =>
        bus.Host.Retry = RetryConfigurator.Options(configure).Over(bus.Host.Retry);

    public void OnJobDeath(Func<SidekiqJob, Exception, Task> handler) => bus.Host.Runtime.Deaths.Add(handler);

    public void Periodic<T>(
        string name,
        string cron,
        string timeZone,
        T message,
        Action<ISidekiqPeriodicConfigurator>? configure = null
    )
        where T : class
    {
        ArgumentNullException.ThrowIfNull(message);
        Add(
            new PeriodicDeclaration(
                name,
                cron,
                timeZone,
                (job, sender) => PeriodicDeclaration.Message(job, sender, message)
            ),
            configure
        );
    }

    public void PeriodicJob(
        string name,
        string cron,
        string timeZone,
        string jobClass,
        object?[]? args = null,
        Action<ISidekiqPeriodicConfigurator>? configure = null
    )
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(jobClass);
        Add(
            new PeriodicDeclaration(
                name,
                cron,
                timeZone,
                (job, _) => Task.FromResult(PeriodicDeclaration.RubyClass(job, jobClass, args ?? []))
            ),
            configure
        );
    }

    void Add(PeriodicDeclaration declaration, Action<ISidekiqPeriodicConfigurator>? configure)
    {
        configure?.Invoke(declaration);
        bus.Host.Periodic.Add(declaration);
    }

    public void ReceiveEndpoint(string queueName, Action<ISidekiqReceiveEndpointConfigurator> configureEndpoint) =>
        bus.Host.ReceiveEndpoint(queueName, configureEndpoint);

    public void ReceiveEndpoint(string queueName, Action<IReceiveEndpointConfigurator> configureEndpoint) =>
        bus.Host.ReceiveEndpoint(queueName, configureEndpoint);

    public void ReceiveEndpoint(
        IEndpointDefinition definition,
        IEndpointNameFormatter? endpointNameFormatter = null,
        Action<ISidekiqReceiveEndpointConfigurator>? configureEndpoint = null
    ) => bus.Host.ReceiveEndpoint(definition, endpointNameFormatter, configureEndpoint);

    public void ReceiveEndpoint(
        IEndpointDefinition definition,
        IEndpointNameFormatter? endpointNameFormatter = null,
        Action<IReceiveEndpointConfigurator>? configureEndpoint = null
    ) => bus.Host.ReceiveEndpoint(definition, endpointNameFormatter, configureEndpoint);

    public IReceiveEndpointConfiguration CreateBusEndpointConfiguration(Action<IReceiveEndpointConfigurator> configure)
    {
        var queue = bus.Topology.Consume.CreateTemporaryQueueName("bus");

        return bus.Host.CreateReceiveEndpointConfiguration(
            queue,
            bus.BusEndpoint,
            endpoint =>
            {
                endpoint.Temporary = true;
                configure(endpoint);
            }
        );
    }
}
