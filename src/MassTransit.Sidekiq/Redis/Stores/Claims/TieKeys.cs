using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// The keys of what is tied to a job, in the order in which the steps take them.
internal static class TieKeys
{
    // '' for what a job does not have.
    public static RedisKey[] Of(this RedisKeys keys, JobTies ties) =>
        [ties.Lock is { } held ? keys.Unique(held.Name) : "", keys.BatchOrNone(ties.Batch?.Bid)];

    public static RedisKey BatchOrNone(this RedisKeys keys, string? bid) => bid is null ? "" : keys.Batch(bid);

    // Of a step that takes none of a job without ties, and no batch of one that is only unique.
    public static RedisKey[] OfAny(this RedisKeys keys, JobTies ties) =>
        ties.Batch is not null ? keys.Of(ties)
        : ties.Lock is { } held ? [keys.Unique(held.Name)]
        : [];
}
