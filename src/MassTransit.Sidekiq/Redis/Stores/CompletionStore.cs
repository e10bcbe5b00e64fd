using System.Globalization;
using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// The end of a job whose ledger tracks it: done, or dead.
internal sealed record Completion(string Jid, bool IsDead, DateTimeOffset At)
{
    const string DeadSuffix = ":dead";

    public string Member => IsDead ? Jid + DeadSuffix : Jid;

    public static Completion Of(string member, DateTimeOffset at) =>
        member.EndsWith(DeadSuffix, StringComparison.Ordinal)
            ? new Completion(member[..^DeadSuffix.Length], IsDead: true, at)
            : new Completion(member, IsDead: false, at);
}

// Records that consumers leave for the ledger of an outbox.
internal sealed class CompletionStore(RedisConnection redis, RedisKeys keys)
{
    readonly RedisLink link = redis.Working;

    // Does nothing for a job that no ledger tracks.
    public Task Note(SidekiqJob? job, bool isDead, DateTimeOffset at) =>
        job is { Metadata.Ledger: { } ledger, Jid: { } jid }
            ? link.Run(Script.Note, [keys.Completed(ledger)], [new Completion(jid, isDead, at).Member, Score.From(at)])
            : Task.CompletedTask;

    // The oldest first.
    public async Task<IReadOnlyList<Completion>> Read(string ledger, int skip, int take)
    {
        var entries = await Call(
                "read",
                keys.Completed(ledger),
                (database, key) => database.SortedSetRangeByRankWithScoresAsync(key, skip, skip + take - 1)
            )
            .ConfigureAwait(false);

        return [.. entries.Select(entry => Completion.Of((string)entry.Element!, Score.ToTime(entry.Score)))];
    }

    public Task Remove(string ledger, IEnumerable<Completion> completions) =>
        Call(
            "remove",
            keys.Completed(ledger),
            (database, key) =>
                database.SortedSetRemoveAsync(key, [.. completions.Select(note => (RedisValue)note.Member)])
        );

    // Whether this process keeps the ledger for the time of the lease, and the epoch of the data in Redis.
    public async Task<(bool IsKeeper, string Epoch)> Keep(string ledger, TimeSpan lease)
    {
        var reply = (RedisResult[])
            (
                await link.Run(
                        Script.KeepLedger,
                        [keys.Keeper(ledger), keys.Epoch],
                        [
                            keys.Identity,
                            ((long)lease.TotalMilliseconds).ToString(CultureInfo.InvariantCulture),
                            Guid.NewGuid().ToString("N"),
                        ]
                    )
                    .ConfigureAwait(false)
            )!;

        return ((int)reply[0] == 1, (string)reply[1]!);
    }

    Task<T> Call<T>(string step, RedisKey key, Func<IDatabase, RedisKey, Task<T>> command) =>
        link.Call(step, key, database => command(database, key));
}
