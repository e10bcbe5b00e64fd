using System.Collections.Concurrent;

namespace MassTransit.Sidekiq;

/// Which entities a publish reaches: learned when a message type is first published, told to Redis once per connection,
/// so that a process which knows only the address (an outbox relay, a Ruby script) reaches the same subscribers.
internal sealed class PublishedEntities
{
    readonly ConcurrentDictionary<string, string[]> entities = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, int> declared = new(StringComparer.Ordinal);

    public void Learn(IReadOnlyList<IPublishedEntity> published)
    {
        if (published.Count > 0)
        {
            entities.TryAdd(published[0].EntityName, [.. published.Select(entity => entity.EntityName)]);
        }
    }

    /// The message's own entity and those it implements; null when only the address is known.
    public string[]? Find(string entity) => entities.GetValueOrDefault(entity);

    /// Says in Redis what the entity implements, unless this was done since the connection was last made (its epoch).
    public Task Declare(string entity, TopicStore topics, int epoch)
    {
        if (declared.TryGetValue(entity, out var last) && last == epoch)
        {
            return Task.CompletedTask;
        }

        return entities.TryGetValue(entity, out var all) && all.Length > 1
            ? DeclareParents(entity, all[1..], topics, epoch)
            : Remember(entity, epoch);
    }

    async Task DeclareParents(string entity, string[] parents, TopicStore topics, int epoch)
    {
        await topics.DeclareImplements(entity, parents).ConfigureAwait(false);
        declared[entity] = epoch;
    }

    Task Remember(string entity, int epoch)
    {
        declared[entity] = epoch;
        return Task.CompletedTask;
    }
}
