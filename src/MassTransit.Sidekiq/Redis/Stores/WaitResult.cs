namespace MassTransit.Sidekiq;

internal enum WaitEnd
{
    // Cancelled, or Redis was lost before it began.
    Nothing,

    // A job was claimed: it is in the working hash under its number.
    Claimed,

    // A job landed, and is for the next claim to take.
    Landed,

    // Redis was lost meanwhile: a job may be in the working hash under this number, and nobody knows of it.
    InDoubt,

    // Redis does not let us wait.
    Refused,
}

// How a wait ended. `HasMore` tells that the queue was not empty after the job that was claimed.
internal readonly record struct WaitResult(WaitEnd End, long Number = 0, byte[]? Json = null, bool HasMore = false);
