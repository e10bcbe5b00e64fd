namespace MassTransit;

/// <summary>
/// A job failed because a limit denied it more often than <c>MaxReschedules</c>. It is retried like any
/// other failure.
/// </summary>
public sealed class SidekiqLimitException : MassTransitException
{
    internal SidekiqLimitException(IReadOnlyList<string> limits, int denials)
        : base(
            $"The job was denied {denials} times by {string.Join(" and ", limits)}. Raise the limit or MaxReschedules, or send fewer jobs."
        ) => (Limits, Denials) = (limits, denials);

    /// <summary>The limits that had no room the last time.</summary>
    public IReadOnlyList<string> Limits { get; }

    /// <summary>How often the job was denied.</summary>
    public int Denials { get; }
}
