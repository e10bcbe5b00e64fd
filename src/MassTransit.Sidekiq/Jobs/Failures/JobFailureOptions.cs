namespace MassTransit.Sidekiq;

// What a contract, a consumer, an endpoint or the bus configures for failed jobs where the job itself does not. What is absent
// or null is left to the next.
internal sealed record JobFailureOptions
{
    public static readonly JobFailureOptions None = new();

    public static readonly JobFailureOptions NoRetries = new() { Limit = 0 };

    // In the place of those that a job lacks.
    public JobOptions Job { get; init; } = JobOptions.None;

    // The number that retry: true stands for.
    public int? Limit { get; init; }

    // Sidekiq's sidekiq_retry_in: asked for each retry with its count and the exception.
    public Func<int, Exception, SidekiqRetryIn>? RetryIn { get; init; }

    public SidekiqTimeFormat TimeFormat { get; init; }

    // What a message type's contract configures, for jobs that another client pushed without it.
    public static JobFailureOptions From(JobOptions options) =>
        ReferenceEquals(options, JobOptions.None)
            ? None
            : new JobFailureOptions { Job = options, Limit = options.Retry.IsNever ? null : options.Retry.Limit };

    // These, and what the lower ones configure where these do not. A limit and a window are one decision: a number above a lower
    // window means the number.
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
