using System.Diagnostics.CodeAnalysis;
using MassTransit.Metadata;
using MassTransit.Topology;

namespace MassTransit.Sidekiq;

// The fan-out of a published message: the subscribers of its own type and of every type that it implements (polymorphic).
internal sealed class SidekiqPublishTopology(IMessageTopology messages) : PublishTopology
{
    public SidekiqMessagePublishTopology<T> For<T>()
        where T : class => (SidekiqMessagePublishTopology<T>)GetMessageTopology<T>();

    protected override IMessagePublishTopologyConfigurator CreateMessageTopology<T>()
    {
        var topology = new SidekiqMessagePublishTopology<T>(this, messages.GetMessageTopology<T>());
        ImplementedMessageTypeCache<T>.EnumerateImplementedTypes(new Parents<T>(this, topology));
        OnMessageTopologyCreated(topology);

        return topology;
    }

    sealed class Parents<TMessage>(SidekiqPublishTopology publish, SidekiqMessagePublishTopology<TMessage> message)
        : IImplementedMessageType
        where TMessage : class
    {
        public void ImplementsMessageType<T>(bool direct)
            where T : class
        {
            var parent = publish.For<T>();
            if (direct)
            {
                message.AddParent(parent);
            }
        }
    }
}

internal interface IPublishedEntity
{
    string EntityName { get; }
    bool Exclude { get; }
    IReadOnlyList<IPublishedEntity> Parents { get; }
}

internal sealed class SidekiqMessagePublishTopology<T>(
    IPublishTopologyConfigurator publish,
    IMessageTopology<T> message
) : MessagePublishTopology<T>(publish), IPublishedEntity
    where T : class
{
    readonly List<IPublishedEntity> parents = [];

    public string EntityName => message.EntityName;

    public IReadOnlyList<IPublishedEntity> Parents => parents;

    public void AddParent(IPublishedEntity parent) => parents.Add(parent);

    public override bool TryGetPublishAddress(Uri baseAddress, [NotNullWhen(true)] out Uri? publishAddress)
    {
        publishAddress = SidekiqEndpointAddress.Topic(baseAddress, EntityName).ToUri();
        return true;
    }

    // The message's own entity first, then those it implements in the order that MassTransit lists them in, each once. Excluded
    // entities, and those reached only through them, are omitted.
    public IReadOnlyList<IPublishedEntity> Entities()
    {
        var found = new List<IPublishedEntity>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var waiting = new Queue<IPublishedEntity>([this]);

        while (waiting.TryDequeue(out var entity))
        {
            if (entity.Exclude || !names.Add(entity.EntityName))
            {
                continue;
            }

            found.Add(entity);
            foreach (var parent in entity.Parents)
            {
                waiting.Enqueue(parent);
            }
        }

        return found;
    }
}
