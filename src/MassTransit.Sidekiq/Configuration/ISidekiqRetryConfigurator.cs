namespace MassTransit;

/// <summary>
/// Says what becomes of failed jobs. The job's own fields come first (<c>retry</c>, <c>retry_for</c>, <c>retry_queue</c>,
/// <c>dead</c>, <c>backtrace</c>), then the message's contract, the consumer, the endpoint and the bus; each is asked for
/// what those before it leave open.
/// </summary>
public interface ISidekiqRetryConfigurator
{
    /// <summary>
    /// How often a job is retried whose <c>retry</c> is <c>true</c> or absent; one with a number of its own keeps that. More
    /// keeps a job longer in the retry set: 25 take three weeks with Sidekiq's delays. Default: 25.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    ISidekiqRetryConfigurator Limit(int times);

    /// <summary>No retries: a job goes to the dead set at its first failure, where its own <c>retry</c> is no number.</summary>
    ISidekiqRetryConfigurator None();

    /// <summary>Retries without end, where the job's own <c>retry</c> is no number. Shorten the delays with <see cref="RetryIn"/>: the 50th is 72 days.</summary>
    ISidekiqRetryConfigurator Forever();

    /// <summary>How long after its first failure a job is retried, instead of a number of retries. Default: the number counts.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The time is not positive, or longer than Sidekiq allows (31 years).</exception>
    ISidekiqRetryConfigurator RetryFor(TimeSpan window);

    /// <summary>
    /// Asked at each failure that has a retry left, with the number of earlier retries (0 at the first failure) and the
    /// exception: Sidekiq's <c>sidekiq_retry_in</c>. It answers with a time, <see cref="SidekiqRetryIn.Kill"/>,
    /// <see cref="SidekiqRetryIn.Discard"/> or <see cref="SidekiqRetryIn.Default"/>. When it throws, that is logged and the
    /// curve counts. Default: the curve.
    /// </summary>
    ISidekiqRetryConfigurator RetryIn(Func<int, Exception, SidekiqRetryIn> delay);

    /// <summary>The queue a failed job comes back in, such as one of low priority. Default: the queue it came from.</summary>
    /// <exception cref="ArgumentException">Sidekiq's Web UI could not open a queue of this name.</exception>
    ISidekiqRetryConfigurator Queue(string queue);

    /// <summary>Whether a job out of retries goes to the dead set; false drops it. Default: true.</summary>
    ISidekiqRetryConfigurator Dead(bool dead);

    /// <summary>How much of the stack trace a failed job keeps: true for all of it, or a number of lines. More costs memory in Redis. Default: none.</summary>
    ISidekiqRetryConfigurator Backtrace(SidekiqBacktrace backtrace);
}
