namespace MassTransit.Sidekiq;

// What a contract, a consumer, an endpoint or the bus configures for failed jobs where the job itself does not. An absent
// or null value is left to the next level.
internal sealed record JobFailureOptions
{
    public static readonly JobFailureOptions None = new();

    public static readonly JobFailureOptions NoRetries = new() { Limit = 0 };

    // Options for jobs that lack them.
    public JobOptions Job { get; init; } = JobOptions.None;

    // The number of retries that retry: true means.
    public int? Limit { get; init; }

    // Sidekiq's sidekiq_retry_in: called for each retry with its count and the exception.
    public Func<int, Exception, SidekiqRetryIn>? RetryIn { get; init; }

    public SidekiqTimeFormat TimeFormat { get; init; }

    // What a message type's contract configures, for jobs that another client pushed without it.
    public static JobFailureOptions From(JobOptions options) =>
        ReferenceEquals(options, JobOptions.None)
            ? None
            : new JobFailureOptions { Job = options, Limit = options.Retry.IsNever ? null : options.Retry.Limit };

    // These, completed by the lower ones. A limit and a window are one decision: a number here overrides a window
    // of a lower level.
    public JobFailureOptions Over(JobFailureOptions lower) =>
        ReferenceEquals(lower, None)
            ? this
            : new JobFailureOptions
            {
                Job = Job.Over(
                    Limit is not null && lower.Job.RetryFor is not null ? lower.Job with { RetryFor = null } : lower.Job
                ),
                Limit = Limit ?? lower.Limit,
                RetryIn = RetryIn ?? lower.RetryIn,
                TimeFormat = lower.TimeFormat,
            };
}
