namespace MassTransit.Sidekiq;

// Where a claimed job ended, for the counters.
internal enum JobEnd
{
    // It stays in the working hash: Redis was unreachable at shutdown.
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

    // Returned to its queue between two items, with its place.
    Interrupted,
    Unreadable,

    // On request: by an inspector, the dashboard, or cancel! in Ruby.
    Cancelled,

    // A limit denied it: it has not started.
    Limited,
}

internal static class JobEnds
{
    public static bool IsFailure(this JobEnd end) =>
        end is JobEnd.Retried or JobEnd.Buried or JobEnd.Discarded or JobEnd.Moved;

    // Sidekiq counts neither a job that has not run, or is returned unchanged, nor an entry that is not a job.
    public static bool IsProcessed(this JobEnd end) =>
        end is not (JobEnd.None or JobEnd.PutBack or JobEnd.Interrupted or JobEnd.Unreadable or JobEnd.Limited);
}
