using System.Collections.Concurrent;

namespace MassTransit.Sidekiq;

// Tells Redis what a published entity implements, once per connection, so that a process which knows only the address (an outbox
// relay, a Ruby script) reaches the same subscribers.
internal sealed class EntityDeclarations(PublishedEntities entities)
{
    readonly ConcurrentDictionary<string, int> declared = new(StringComparer.Ordinal);

    // Done already since the connection was last made (its epoch): then it asks Redis nothing.
    public Task Declare(string entity, TopicStore topics, int epoch)
    {
        if (declared.TryGetValue(entity, out var last) && last == epoch)
        {
            return Task.CompletedTask;
        }

        if (entities.Find(entity) is { Length: > 1 } all)
        {
            return DeclareParents(entity, all[1..], topics, epoch);
        }

        declared[entity] = epoch;
        return Task.CompletedTask;
    }

    async Task DeclareParents(string entity, string[] parents, TopicStore topics, int epoch)
    {
        await topics.DeclareImplements(entity, parents).ConfigureAwait(false);
        declared[entity] = epoch;
    }
}
