using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// The sets that jobs leave for their queues. Ruby's pollers may run beside ours: the process that removes a member owns it.
internal enum DueSet
{
    Retry,
    Schedule,

    // Nothing is ever due here; a job comes back only by hand.
    Dead,
}

internal static class DueSets
{
    // Sidekiq's name for it.
    public static string Name(this DueSet set) =>
        set switch
        {
            DueSet.Retry => "retry",
            DueSet.Schedule => "schedule",
            _ => "dead",
        };

    public static RedisKey Of(this RedisKeys keys, DueSet set) =>
        set switch
        {
            DueSet.Retry => keys.Retry,
            DueSet.Schedule => keys.Schedule,
            _ => keys.Dead,
        };
}
