namespace MassTransit;

/// <summary>A job was not sent because another one is unique, and <see cref="SidekiqConflict.Throw" /> is configured.</summary>
public sealed class JobNotUniqueException : MassTransitException
{
    internal JobNotUniqueException(JobConflict conflict)
        : base(
            $"Job class '{conflict.Class}' was not sent to queue '{conflict.Queue}': job '{conflict.Jid}' with the same arguments is "
                + "unique. Send after it has ended, or set OnConflict to Drop."
        ) => Conflict = conflict;

    /// <summary>The job that holds the lock.</summary>
    public JobConflict Conflict { get; }
}
