namespace MassTransit.Sidekiq;

/// What a contract, a consumer, an endpoint or the bus says of failed jobs where the job itself does not. What is absent or
/// null is left to the next.
internal sealed record JobFailureOptions
{
    public static readonly JobFailureOptions None = new();

    public static readonly JobFailureOptions NoRetries = new() { Limit = 0 };

    /// For a job without `retry`.
    public SidekiqRetry Retry { get; init; }

    /// The number that retry: true stands for.
    public int? Limit { get; init; }

    public TimeSpan? RetryFor { get; init; }

    public string? RetryQueue { get; init; }

    public bool? Dead { get; init; }

    public SidekiqBacktrace? Backtrace { get; init; }

    /// Sidekiq's sidekiq_retry_in: asked for each retry with its count and the exception.
    public Func<int, Exception, SidekiqRetryIn>? RetryIn { get; init; }

    public SidekiqTimeFormat TimeFormat { get; init; }

    /// What a message type's contract says, for jobs that another client pushed without it.
    public static JobFailureOptions From(JobOptions options) =>
        ReferenceEquals(options, JobOptions.None)
            ? None
            : new JobFailureOptions
            {
                Retry = options.Retry,
                Limit = options.Retry.IsNever ? null : options.Retry.Limit,
                RetryFor = options.RetryFor,
                RetryQueue = options.RetryQueue,
                Dead = options.Dead,
                Backtrace = options.Backtrace,
            };

    /// These, and what the lower ones say where these do not. A limit and a window are one decision: who names a number
    /// above a lower window means the number.
    public JobFailureOptions Over(JobFailureOptions lower) =>
        ReferenceEquals(lower, None)
            ? this
            : new JobFailureOptions
            {
                Retry = Retry.IsAbsent ? lower.Retry : Retry,
                Limit = Limit ?? lower.Limit,
                RetryFor = RetryFor ?? (Limit is null ? lower.RetryFor : null),
                RetryQueue = RetryQueue ?? lower.RetryQueue,
                Dead = Dead ?? lower.Dead,
                Backtrace = Backtrace ?? lower.Backtrace,
                RetryIn = RetryIn ?? lower.RetryIn,
                TimeFormat = lower.TimeFormat,
            };
}
