namespace MassTransit;

/// <summary>What cancelling a job came to.</summary>
public enum SidekiqCancellation
{
    /// <summary>The job is nowhere to be seen: it has ended, or never was.</summary>
    NotFound,

    /// <summary>It waited, and is removed.</summary>
    Removed,

    /// <summary>It runs, and is asked to stop.</summary>
    Requested,
}
