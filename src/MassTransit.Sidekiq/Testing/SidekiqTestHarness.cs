namespace MassTransit.Testing;

/// <summary>
/// MassTransit's test harness without a container, on Sidekiq's queues: a bus with one receive endpoint, which it purges at
/// start. Give each test its own Redis database. With a container, use <c>AddMassTransitTestHarness</c> and
/// <c>UsingSidekiq</c>.
/// </summary>
/// <param name="inputQueueName">The queue of the endpoint. Default: <c>input_queue</c>.</param>
public sealed class SidekiqTestHarness(string? inputQueueName = null) : BusTestHarness
{
    Uri? inputQueueAddress;

    /// <summary>Redis as a URL. Default: <c>redis://localhost:6379/0</c>.</summary>
    public Uri HostAddress { get; set; } = new("redis://localhost:6379/0");

    /// <inheritdoc />
    public override string InputQueueName { get; } = inputQueueName ?? "input_queue";

    /// <inheritdoc />
    public override Uri InputQueueAddress => inputQueueAddress ?? new Uri($"queue:{InputQueueName}");

#pragma warning disable MA0046 // MassTransit's other harnesses have these events in this shape
    /// <summary>Configures the connection to Redis, beside its URL.</summary>
    public event Action<ISidekiqHostConfigurator>? OnConfigureSidekiqHost;

    /// <summary>Configures the bus.</summary>
    public event Action<ISidekiqBusFactoryConfigurator>? OnConfigureSidekiqBus;

    /// <summary>Configures the endpoint of the input queue.</summary>
    public event Action<ISidekiqReceiveEndpointConfigurator>? OnConfigureSidekiqReceiveEndpoint;
#pragma warning restore MA0046

    /// <inheritdoc />
    protected override Task<IBusControl> CreateBus() =>
        Task.FromResult(
            MassTransit.Bus.Factory.CreateUsingSidekiq(bus =>
            {
                bus.Host(HostAddress, host => OnConfigureSidekiqHost?.Invoke(host));
                ConfigureBus(bus);
                OnConfigureSidekiqBus?.Invoke(bus);
                bus.ReceiveEndpoint(InputQueueName, ConfigureInput);
                BusConfigured(bus);
            })
        );

    void ConfigureInput(ISidekiqReceiveEndpointConfigurator endpoint)
    {
        endpoint.PurgeOnStartup = true;
        ConfigureReceiveEndpoint(endpoint);
        OnConfigureSidekiqReceiveEndpoint?.Invoke(endpoint);
        inputQueueAddress = endpoint.InputAddress;
    }
}
