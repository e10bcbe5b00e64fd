namespace MassTransit;

/// <summary>Says what job a message is on the wire; what is said here wins over <see cref="SidekiqJobAttribute"/>.</summary>
public interface ISidekiqJobConfigurator
{
    /// <summary>The Ruby class that works on the job. Default: the .NET name as a Ruby constant.</summary>
    ISidekiqJobConfigurator Class(string className);

    /// <summary>Further class names that mean this message when they are read, for instance from before a rename.</summary>
    ISidekiqJobConfigurator Alias(params string[] classNames);

    /// <summary>The queue that publishing the message pushes to, beside whoever subscribed.</summary>
    ISidekiqJobConfigurator Queue(string queue);

    /// <summary>How the message becomes arguments. Default: one object.</summary>
    ISidekiqJobConfigurator Args(SidekiqArgs args);

    /// <summary>One argument for each property, in constructor order or that of <see cref="SidekiqArgAttribute"/>.</summary>
    ISidekiqJobConfigurator Positional();

    /// <summary>The job is an ActiveJob: its properties become keyword arguments, in ActiveJob's wrapper.</summary>
    ISidekiqJobConfigurator ActiveJob();

    /// <summary>How properties are called. Default: camelCase; snake_case for an ActiveJob.</summary>
    ISidekiqJobConfigurator Naming(SidekiqNaming naming);

    /// <summary>How often a failed job runs again: true, false or a number. Default: true, Sidekiq's 25 times.</summary>
    ISidekiqJobConfigurator Retry(SidekiqRetry retry);

    /// <summary>How long after its first failure a job is retried, instead of a number of retries.</summary>
    ISidekiqJobConfigurator RetryFor(TimeSpan window);

    /// <summary>The queue a failed job moves to. Default: the queue it came from.</summary>
    ISidekiqJobConfigurator RetryQueue(string queue);

    /// <summary>Whether a job out of retries goes to the dead set; false drops it. Default: true.</summary>
    ISidekiqJobConfigurator Dead(bool dead);

    /// <summary>How much of a stack trace a failed job keeps: true for all of it, or a number of lines. Default: none.</summary>
    ISidekiqJobConfigurator Backtrace(SidekiqBacktrace backtrace);

    /// <summary>A failed job keeps its whole stack trace.</summary>
    ISidekiqJobConfigurator Backtrace();

    /// <summary>Tags, which Sidekiq's Web UI shows and filters.</summary>
    ISidekiqJobConfigurator Tags(params string[] tags);

    /// <summary>Any other key of the job, for the Ruby middleware that reads it, such as <c>lock</c> or <c>expires_in</c>.</summary>
    ISidekiqJobConfigurator Option(string key, object? value);
}
