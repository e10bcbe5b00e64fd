namespace MassTransit.Testing;

/// <summary>How a job ended.</summary>
public enum SidekiqOutcome
{
    /// <summary>Its consumer completed.</summary>
    Succeeded,

    /// <summary>It failed and has a retry left.</summary>
    Retried,

    /// <summary>It failed for the last time and is in the dead set.</summary>
    Dead,

    /// <summary>It failed for the last time and is dropped, as configured (<c>retry: false</c>, <c>dead: false</c>).</summary>
    Discarded,

    /// <summary>It failed, or no consumer takes it, and is moved to the endpoint's error or skipped queue.</summary>
    Moved,

    /// <summary>Its consumer redelivers it later.</summary>
    Rescheduled,

    /// <summary>It had expired before it started: <c>expires_in</c>, <c>TimeToLive</c>.</summary>
    Expired,

    /// <summary>It is not a job: not JSON, or not an object.</summary>
    Unreadable,

    /// <summary>It was cancelled on request.</summary>
    Cancelled,

    /// <summary>It is back in its queue: its endpoint stopped, or an iterable consumer has had its time.</summary>
    Returned,
}
