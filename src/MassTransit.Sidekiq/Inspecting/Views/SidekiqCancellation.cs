namespace MassTransit;

/// <summary>What cancelling a job came to.</summary>
public enum SidekiqCancellation
{
    /// <summary>
    /// It was not found: it has ended, never was, or waits further back in a queue than is searched. If it runs within 30 days, it is
    /// asked to stop.
    /// </summary>
    NotFound,

    /// <summary>It waited, and is removed.</summary>
    Removed,

    /// <summary>It runs, and is asked to stop.</summary>
    Requested,
}
