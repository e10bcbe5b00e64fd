namespace MassTransit;

/// <summary>
/// Configures the retries of failed jobs. The job's own fields take precedence (<c>retry</c>, <c>retry_for</c>,
/// <c>retry_queue</c>, <c>dead</c>, <c>backtrace</c>), then the message's contract, the consumer, the endpoint and the bus;
/// each supplies what those before it do not configure.
/// </summary>
public interface ISidekiqRetryConfigurator
{
    /// <summary>
    /// How often a job is retried whose <c>retry</c> is <c>true</c> or absent; a job with its own number keeps that. More
    /// retries keep a job longer in the retry set: 25 take three weeks with Sidekiq's delays. Default: 25.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    ISidekiqRetryConfigurator Limit(int times);

    /// <summary>No retries: a job whose own <c>retry</c> is not a number goes to the dead set at its first failure.</summary>
    ISidekiqRetryConfigurator None();

    /// <summary>Unlimited retries, for a job whose own <c>retry</c> is not a number. Shorten the delays with <see cref="RetryIn"/>: the 50th is 72 days.</summary>
    ISidekiqRetryConfigurator Forever();

    /// <summary>How long after its first failure a job is retried, instead of a number of retries. Default: the number applies.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The time is not positive, or longer than Sidekiq allows (31 years).</exception>
    ISidekiqRetryConfigurator RetryFor(TimeSpan window);

    /// <summary>
    /// Called at each failure that has a retry left, with the number of earlier retries (0 at the first failure) and the
    /// exception: Sidekiq's <c>sidekiq_retry_in</c>. It returns a delay, <see cref="SidekiqRetryIn.Kill"/>,
    /// <see cref="SidekiqRetryIn.Discard"/> or <see cref="SidekiqRetryIn.Default"/>. An exception it throws is logged, and the
    /// default delay applies. Default: Sidekiq's exponential backoff with jitter.
    /// </summary>
    ISidekiqRetryConfigurator RetryIn(Func<int, Exception, SidekiqRetryIn> delay);

    /// <summary>The queue that a failed job is retried in, such as one of low priority. Default: the queue it came from.</summary>
    /// <exception cref="ArgumentException">Sidekiq's Web UI cannot open a queue of this name.</exception>
    ISidekiqRetryConfigurator Queue(string queue);

    /// <summary>Whether a job that is out of retries goes to the dead set; false drops it. Default: true.</summary>
    ISidekiqRetryConfigurator Dead(bool dead);

    /// <summary>How much of the stack trace a failed job keeps: true for all of it, or a number of lines. More costs memory in Redis. Default: none.</summary>
    ISidekiqRetryConfigurator Backtrace(SidekiqBacktrace backtrace);
}
