namespace MassTransit.Sidekiq;

// What becomes of one failed job, decided once: an attempt that was declared the last stays the last. `canRetry` is false where
// a retry would come too late for a waiting client.
internal sealed class FailureVerdict(
    JobFailure failures,
    SidekiqJob job,
    JobFailureOptions ofContract,
    JobFailureOptions ofEndpoint,
    bool canRetry
)
{
    JobFailureOptions ofConsumers = JobFailureOptions.None;
    JobOutcome? outcome;

    // What it was about; null when nothing failed.
    public Exception? Failure { get; private set; }

    // What the failed consumer configures, the innermost first.
    public void Advise(JobFailureOptions options) => ofConsumers = ofConsumers.Over(options);

    public JobOutcome Of(Exception exception, DateTimeOffset now)
    {
        if (outcome is not null)
        {
            return outcome;
        }

        Failure = exception;
        outcome = failures.Decide(job, exception, now, ofContract.Over(ofConsumers).Over(ofEndpoint));
        return outcome is JobOutcome.Retry retry && !canRetry ? outcome = new JobOutcome.Bury(retry.Json) : outcome;
    }
}
