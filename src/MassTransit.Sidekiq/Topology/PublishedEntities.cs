using System.Collections.Concurrent;

namespace MassTransit.Sidekiq;

// The entities that a publish reaches, learned when a message type is first published.
internal sealed class PublishedEntities
{
    readonly ConcurrentDictionary<string, string[]> entities = new(StringComparer.Ordinal);

    public void Learn(IReadOnlyList<IPublishedEntity> published)
    {
        if (published.Count > 0)
        {
            entities.TryAdd(published[0].EntityName, [.. published.Select(entity => entity.EntityName)]);
        }
    }

    // The message's own entity and those it implements; null when only the address is known.
    public string[]? Find(string entity) => entities.GetValueOrDefault(entity);
}
