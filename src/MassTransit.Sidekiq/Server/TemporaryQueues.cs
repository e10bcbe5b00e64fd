using System.Collections.Concurrent;

namespace MassTransit.Sidekiq;

// The temporary queues of one process, which live as long as it does.
internal sealed class TemporaryQueues(TopicStore topics, IReadOnlyDictionary<Uri, string> answers)
{
    static readonly TimeSpan life = TimeSpan.FromMinutes(1);

    readonly ConcurrentDictionary<string, Func<Task>> kept = new(StringComparer.Ordinal);

    // From now on the queue lives as long as this process. `subscribe` is called when it had expired, as during an outage of a
    // minute: its subscriptions are gone then.
    public async Task Keep(string queue, Func<Task> subscribe)
    {
        await topics.CreateTemporary(queue, life).ConfigureAwait(false);
        kept[queue] = subscribe;
    }

    // The response endpoint starts when it is first needed, or when the bus starts later. Creating its queue here means that a
    // response that arrives before is kept.
    public Task Expect(Uri? responseAddress) =>
        responseAddress is not null && answers.TryGetValue(responseAddress, out var queue) && !kept.ContainsKey(queue)
            ? topics.CreateTemporary(queue, life)
            : Task.CompletedTask;

    public async Task Remove(string queue, IReadOnlyCollection<string> subscribed)
    {
        kept.TryRemove(queue, out _);
        await topics.RemoveTemporary(queue, [.. subscribed]).ConfigureAwait(false);
    }

    public async Task Renew()
    {
        foreach (var ended in await topics.TouchTemporary([.. kept.Keys], life).ConfigureAwait(false))
        {
            if (kept.TryGetValue(ended, out var subscribe))
            {
                await subscribe().ConfigureAwait(false);
            }
        }
    }
}
