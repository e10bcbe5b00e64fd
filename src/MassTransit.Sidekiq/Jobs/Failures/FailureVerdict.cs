namespace MassTransit.Sidekiq;

// What becomes of one job that failed, decided once: what was called the last attempt stays it. `canRetry` is false where a retry
// would come too late for those who wait.
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

    // What the consumer that failed configures, the innermost first.
    public void Advise(JobFailureOptions options) => ofConsumers = ofConsumers.Over(options);

    public JobOutcome Of(Exception exception, DateTimeOffset now)
    {
        if (outcome is not null)
        {
            return outcome;
        }

        outcome = failures.Decide(job, exception, now, ofContract.Over(ofConsumers).Over(ofEndpoint));
        return outcome is JobOutcome.Retry retry && !canRetry ? outcome = new JobOutcome.Bury(retry.Json) : outcome;
    }
}
