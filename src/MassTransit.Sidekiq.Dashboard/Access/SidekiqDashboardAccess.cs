namespace MassTransit;

/// <summary>What a visitor of the dashboard may do. Each level includes those before it.</summary>
public enum SidekiqDashboardAccess
{
    /// <summary>Nothing: the answer is 403.</summary>
    None,

    /// <summary>Look at everything, arguments of jobs included unless they are redacted.</summary>
    Read,

    /// <summary>
    /// Retry, edit, move, kill, delete, run and reschedule jobs; pause and resume queues and periodic jobs; release and discard
    /// messages of an outbox.
    /// </summary>
    Act,

    /// <summary>
    /// Clear and move queues, clear sets, change subscriptions, remove periodic jobs, quiet and stop processes, discard all that an
    /// outbox set aside.
    /// </summary>
    Admin,
}
