using MassTransit.Sidekiq;

namespace MassTransit.Testing;

/// <summary>How one run of a job ended.</summary>
public sealed class SidekiqRun
{
    internal SidekiqRun(SidekiqOutcome outcome, SidekiqJob? job) => (Outcome, Job) = (outcome, job);

    /// <summary>How it ended.</summary>
    public SidekiqOutcome Outcome { get; }

    /// <summary>The job that ran; null for an entry that is not a job.</summary>
    public SidekiqJob? Job { get; }

    /// <summary>What its consumer threw, or why it could not be consumed; null if it did not fail.</summary>
    public Exception? Error { get; internal init; }

    /// <summary>
    /// The job as it is stored from now on, in Sidekiq's terms: with <c>retry_count</c>, <c>error_class</c> and
    /// <c>error_message</c> in the retry or dead set, in its new queue, or rescheduled. Null when nothing is left of it.
    /// </summary>
    public SidekiqJob? Stored { get; internal init; }

    /// <summary>When it runs again; null unless it was retried or rescheduled.</summary>
    public DateTimeOffset? At { get; internal init; }

    /// <summary>The queue that it was moved to; null unless it was.</summary>
    public string? MovedTo { get; internal init; }

    /// <summary>Checks that the consumer completed.</summary>
    /// <returns>This run.</returns>
    /// <exception cref="SidekiqTestException">It did not; the inner exception is what the consumer threw.</exception>
    public SidekiqRun Succeeded() => Ended(SidekiqOutcome.Succeeded);

    /// <summary>Checks how the job ended.</summary>
    /// <returns>This run.</returns>
    /// <exception cref="SidekiqTestException">It ended otherwise; the inner exception is what the consumer threw.</exception>
    public SidekiqRun Ended(SidekiqOutcome expected) =>
        Outcome == expected
            ? this
            : throw new SidekiqTestException($"Expected the outcome {expected}, but {this}", Error);

    /// <summary>How it ended, in words.</summary>
    public override string ToString()
    {
        var job = Job is null ? "an entry that is not a job" : $"job {Job.Jid} ({Job.Wrapped ?? Job.Class})";
        var end = MovedTo is null ? "" : $" to queue '{MovedTo}'";
        var error = Error is null ? "." : $": {Error.GetType().FullName}: {Error.Message}";
        return $"{job} ended as {Outcome}{end}{error}";
    }

    // Whether a test that expects no failure should hear of it.
    internal bool HasFailed =>
        Outcome
            is SidekiqOutcome.Retried
                or SidekiqOutcome.Dead
                or SidekiqOutcome.Discarded
                or SidekiqOutcome.Moved
                or SidekiqOutcome.Unreadable;

    internal static SidekiqOutcome OutcomeOf(JobEnd end) =>
        end switch
        {
            JobEnd.Acknowledged => SidekiqOutcome.Succeeded,
            JobEnd.Expired => SidekiqOutcome.Expired,
            JobEnd.Retried => SidekiqOutcome.Retried,
            JobEnd.Buried => SidekiqOutcome.Dead,
            JobEnd.Discarded => SidekiqOutcome.Discarded,
            JobEnd.Moved => SidekiqOutcome.Moved,
            JobEnd.Rescheduled => SidekiqOutcome.Rescheduled,
            JobEnd.Unreadable => SidekiqOutcome.Unreadable,
            JobEnd.Cancelled => SidekiqOutcome.Cancelled,
            _ => SidekiqOutcome.Returned,
        };
}
