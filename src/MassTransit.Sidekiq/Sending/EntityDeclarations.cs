using System.Collections.Concurrent;

namespace MassTransit.Sidekiq;

// Stores in Redis which entities a published entity implements, once per connection, so that a process that knows only the
// address (an outbox relay, a Ruby script) reaches the same subscribers.
internal sealed class EntityDeclarations(PublishedEntities entities)
{
    readonly ConcurrentDictionary<string, int> declared = new(StringComparer.Ordinal);

    // If already declared since the connection was last established (its epoch), it sends no command.
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
