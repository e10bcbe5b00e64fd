namespace MassTransit;

/// <summary>What a limit counts.</summary>
public enum SidekiqLimitKind
{
    /// <summary>Jobs that run at once.</summary>
    Concurrent,

    /// <summary>Starts within any period of this length.</summary>
    Window,

    /// <summary>Starts on average: a bucket that leaks evenly, and takes its whole capacity at once when it is empty.</summary>
    Bucket,
}
