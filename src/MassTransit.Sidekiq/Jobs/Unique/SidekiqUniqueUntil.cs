namespace MassTransit;

/// <summary>How long a unique job keeps others out: Sidekiq Enterprise's <c>unique_until</c>.</summary>
public enum SidekiqUniqueUntil
{
    /// <summary>Until it has ended: it succeeded, was dropped or cancelled, or died. Through its retries it keeps them out.</summary>
    Success,

    /// <summary>Until its first attempt starts, so that a job sent while it runs is accepted.</summary>
    Start,

    /// <summary>Until its time is over, however early it ended.</summary>
    Expiry,
}
