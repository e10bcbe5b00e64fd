using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// What a process holds of one queue, and whether its lease lives.
internal sealed record OwnerState(Orphan Owner, long Jobs, bool IsAlive);

// Reads who holds claimed jobs, for an inspector. It moves nothing and takes no turn, so no rescuer is kept from looking.
internal sealed class OwnerReader(RedisConnection redis, RedisKeys keys)
{
    readonly RedisLink link = redis.Working;

    // Those without a lease first, since they are what one looks for. Three round trips: an EXISTS for each process, then two
    // lengths for each of at most `most` owners.
    public async Task<(IReadOnlyList<OwnerState> Owners, bool IsComplete)> Read(int most)
    {
        var members = await Call(db => Answers.OrNothing(db.SetMembersAsync(keys.Owners), [])).ConfigureAwait(false);
        Orphan[] owners = [.. members.Select(member => Orphan.Parse((string)member!))];
        var alive = await Alive([.. owners.Select(owner => owner.Identity).Distinct(StringComparer.Ordinal)])
            .ConfigureAwait(false);
        Orphan[] first =
        [
            .. owners
                .OrderBy(owner => alive.Contains(owner.Identity))
                .ThenBy(owner => owner.Identity, StringComparer.Ordinal)
                .ThenBy(owner => owner.Queue, StringComparer.Ordinal)
                .Take(most),
        ];
        var jobs = await Call(db => Task.WhenAll(first.Select(owner => Jobs(db, owner)))).ConfigureAwait(false);

        return (
            [.. first.Zip(jobs, (owner, count) => new OwnerState(owner, count, alive.Contains(owner.Identity)))],
            first.Length == owners.Length
        );
    }

    async Task<HashSet<string>> Alive(string[] identities)
    {
        var leases = await Call(db => Task.WhenAll(identities.Select(name => db.KeyExistsAsync(keys.AliveOf(name)))))
            .ConfigureAwait(false);
        return identities.Where((_, i) => leases[i]).ToHashSet(StringComparer.Ordinal);
    }

    async Task<long> Jobs(IDatabase db, Orphan owner)
    {
        var working = Answers.OrNothing(db.HashLengthAsync(keys.Working(owner.Identity, owner.Queue)), 0);
        var landing = Answers.OrNothing(db.ListLengthAsync(keys.Landing(owner.Identity, owner.Queue)), 0);

        return await working.ConfigureAwait(false) + await landing.ConfigureAwait(false);
    }

    Task<T> Call<T>(Func<IDatabase, Task<T>> question) => link.Call("inspect", keys.Owners, question);
}
