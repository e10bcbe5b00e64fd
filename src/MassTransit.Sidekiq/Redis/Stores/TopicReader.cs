using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// A topic with its subscriptions' fields, and what it implements.
internal sealed record TopicEntry(
    string Name,
    IReadOnlyList<(string Field, string Value)> Subscriptions,
    IReadOnlyList<string> Implements
);

// Finds topics for an inspector. There is no list of them, since Ruby may subscribe with a plain HSET, so their keys are
// scanned: a thousand per step, which does not block Redis, and at most a hundred steps.
internal sealed class TopicReader(RedisConnection redis, RedisKeys keys)
{
    const int KeysPerStep = 1000;
    const int MostSteps = 100;

    readonly RedisLink link = redis.Working;

    public async Task<(IReadOnlyList<TopicEntry> Topics, bool IsComplete)> List(CancellationToken cancellationToken)
    {
        var prefix = (string)keys.Topic("")!;
        var (names, cursor, steps) = (new HashSet<string>(StringComparer.Ordinal), "0", 0);
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            var reply = (RedisResult[])
                (
                    await Call(db =>
                            db.ExecuteAsync("SCAN", cursor, "MATCH", Globs.Escape(prefix) + "*", "COUNT", KeysPerStep)
                        )
                        .ConfigureAwait(false)
                )!;
            cursor = (string)reply[0]!;
            names.UnionWith(((string[])reply[1]!).Select(key => key[prefix.Length..]));
        } while (cursor != "0" && ++steps < MostSteps);

        var topics = await Call(db => Task.WhenAll(names.Select(name => Read(db, name)))).ConfigureAwait(false);
        return ([.. topics.Where(topic => topic.Subscriptions.Count > 0)], cursor == "0");
    }

    public Task<bool> Unsubscribe(string topic, string field) =>
        Call(db => db.HashDeleteAsync(keys.Topic(topic), field));

    async Task<TopicEntry> Read(IDatabase db, string name)
    {
        var subscriptions = Answers.OrNothing(db.HashGetAllAsync(keys.Topic(name)), []);
        var implements = Answers.OrNothing(db.SetMembersAsync(keys.Implements(name)), []);

        return new TopicEntry(
            name,
            [
                .. (await subscriptions.ConfigureAwait(false)).Select(entry =>
                    ((string)entry.Name!, (string)entry.Value!)
                ),
            ],
            [.. (await implements.ConfigureAwait(false)).Select(parent => (string)parent!)]
        );
    }

    Task<T> Call<T>(Func<IDatabase, Task<T>> question) => link.Call("inspect", keys.Topic(""), question);
}
