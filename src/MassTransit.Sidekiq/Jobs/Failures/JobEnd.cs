namespace MassTransit.Sidekiq;

// Where a claimed job ended, for those who count.
internal enum JobEnd
{
    // It stays in the working hash: Redis was away at stop.
    None,
    Acknowledged,
    Expired,
    Retried,
    Buried,
    Discarded,

    // To an error or skipped queue.
    Moved,
    Rescheduled,
    PutBack,
    Unreadable,
}

internal static class JobEnds
{
    public static bool IsFailure(this JobEnd end) =>
        end is JobEnd.Retried or JobEnd.Buried or JobEnd.Discarded or JobEnd.Moved;

    // Sidekiq counts neither a job that goes back as it was nor a text that is none.
    public static bool IsProcessed(this JobEnd end) => end is not (JobEnd.None or JobEnd.PutBack or JobEnd.Unreadable);
}
