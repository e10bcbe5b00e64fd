namespace MassTransit.Sidekiq;

// Collects the options that `UseSidekiqRetry` configures.
internal sealed class RetryConfigurator : ISidekiqRetryConfigurator
{
    JobFailureOptions options = JobFailureOptions.None;

    RetryConfigurator() { }

    public static JobFailureOptions Options(Action<ISidekiqRetryConfigurator> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var configurator = new RetryConfigurator();
        configure(configurator);

        return configurator.options;
    }

    public ISidekiqRetryConfigurator Limit(int times)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(times);
        return With(options with { Limit = times });
    }

    public ISidekiqRetryConfigurator None() => Limit(0);

    public ISidekiqRetryConfigurator Forever() => Limit(int.MaxValue);

    public ISidekiqRetryConfigurator RetryFor(TimeSpan window)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(window, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(window, JobOptions.LongestRetryFor);
        return With(options.Job with { RetryFor = window });
    }

    public ISidekiqRetryConfigurator RetryIn(Func<int, Exception, SidekiqRetryIn> delay)
    {
        ArgumentNullException.ThrowIfNull(delay);
        return With(options with { RetryIn = delay });
    }

    public ISidekiqRetryConfigurator Queue(string queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        return QueueName.Fault(queue, "Name another queue in UseSidekiqRetry.") is { } fault
            ? throw new ArgumentException(fault, nameof(queue))
            : With(options.Job with { RetryQueue = queue });
    }

    public ISidekiqRetryConfigurator Dead(bool dead) => With(options.Job with { Dead = dead });

    public ISidekiqRetryConfigurator Backtrace(SidekiqBacktrace backtrace) =>
        With(options.Job with { Backtrace = backtrace });

    RetryConfigurator With(JobOptions job) => With(options with { Job = job });

    RetryConfigurator With(JobFailureOptions changed)
    {
        options = changed;
        return this;
    }
}
