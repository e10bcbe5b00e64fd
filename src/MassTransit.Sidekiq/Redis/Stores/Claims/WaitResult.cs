namespace MassTransit.Sidekiq;

internal enum WaitEnd
{
    // Cancelled, or Redis was lost before it began.
    Nothing,

    // A job was claimed: it is in the working hash under its number.
    Claimed,

    // A job landed; the next claim takes it.
    Landed,

    // Redis was lost meanwhile: a job may be in the working hash under this number without this process's knowledge.
    InDoubt,

    // Redis refuses the wait.
    Refused,
}

// How a wait ended. `HasMore`: the queue was not empty after the claimed job.
internal readonly record struct WaitResult(WaitEnd End, long Number = 0, byte[]? Json = null, bool HasMore = false);
