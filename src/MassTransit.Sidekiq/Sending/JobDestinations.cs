namespace MassTransit.Sidekiq;

// The destinations of one bus, by their addresses.
internal sealed class JobDestinations(PublishedEntities entities)
{
    readonly EntityDeclarations declarations = new(entities);

    public JobDestination Of(SidekiqEndpointAddress address) =>
        address.IsTopic ? Topic(address.Name, address.IsExchange) : new QueueDestination(address);

    public TopicDestination Topic(string entity, bool isExchange = false) =>
        new(entity, isExchange, entities, declarations);
}
