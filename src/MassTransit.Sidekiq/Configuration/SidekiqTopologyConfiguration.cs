using MassTransit.Configuration;
using MassTransit.Topology;
using MassTransit.Transports;

namespace MassTransit.Sidekiq;

internal sealed class SidekiqTopologyConfiguration : ITopologyConfiguration
{
    public SidekiqTopologyConfiguration()
    {
        Message = new MessageTopology(
            new MessageNameFormatterEntityNameFormatter(new DefaultMessageNameFormatter("::", "--", ":", "-"))
        );

        Send = new SendTopology();
        Send.ConnectSendTopologyConfigurationObserver(
            new DelegateSendTopologyConfigurationObserver(GlobalTopology.Send)
        );
        Send.TryAddConvention(new RoutingKeySendTopologyConvention());
        Send.TryAddConvention(new PartitionKeySendTopologyConvention());

        SidekiqPublish = new SidekiqPublishTopology(Message);
        Publish = SidekiqPublish;
        Publish.ConnectPublishTopologyConfigurationObserver(
            new DelegatePublishTopologyConfigurationObserver(GlobalTopology.Publish)
        );
        Publish.ConnectPublishTopologyConfigurationObserver(new PublishToSendTopologyConfigurationObserver(Send));

        Consume = new SidekiqConsumeTopology();
    }

    // An endpoint has its own consume topology and shares the rest with the bus.
    public SidekiqTopologyConfiguration(SidekiqTopologyConfiguration bus)
    {
        Message = bus.Message;
        Send = bus.Send;
        SidekiqPublish = bus.SidekiqPublish;
        Publish = bus.Publish;
        Consume = new SidekiqConsumeTopology();
    }

    public IMessageTopologyConfigurator Message { get; }

    public ISendTopologyConfigurator Send { get; }

    public IPublishTopologyConfigurator Publish { get; }

    public SidekiqPublishTopology SidekiqPublish { get; }

    public IConsumeTopologyConfigurator Consume { get; }

    public IEnumerable<ValidationResult> Validate() =>
        [.. Send.Validate(), .. Publish.Validate(), .. Consume.Validate()];
}

// The longest queue name that MassTransit generates: Redis accepts any length, a browser's address bar does not.
internal sealed class SidekiqConsumeTopology() : ConsumeTopology(maxQueueNameLength: 200);
