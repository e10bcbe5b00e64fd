using MassTransit.Sidekiq;

namespace MassTransit;

/// <summary>Configures the job that a message becomes on the wire. Overrides <see cref="SidekiqJobAttribute"/>.</summary>
public interface ISidekiqJobConfigurator
{
    /// <summary>The Ruby class that runs the job. Default: the .NET name as a Ruby constant.</summary>
    ISidekiqJobConfigurator Class(string className);

    /// <summary>Further class names that are read as this message, for instance from before a rename.</summary>
    ISidekiqJobConfigurator Alias(params string[] classNames);

    /// <summary>The queue that publishing the message pushes to, in addition to its subscribers.</summary>
    ISidekiqJobConfigurator Queue(string queue);

    /// <summary>How the message becomes arguments. Default: one object.</summary>
    ISidekiqJobConfigurator Args(SidekiqArgs args);

    /// <summary>One argument for each property, in constructor order or that of <see cref="SidekiqArgAttribute"/>.</summary>
    ISidekiqJobConfigurator Positional() => Args(SidekiqArgs.Positional);

    /// <summary>The job is an ActiveJob: its properties become keyword arguments, in ActiveJob's wrapper.</summary>
    ISidekiqJobConfigurator ActiveJob() => Args(SidekiqArgs.ActiveJob);

    /// <summary>How properties are named. Default: camelCase; snake_case for an ActiveJob.</summary>
    ISidekiqJobConfigurator Naming(SidekiqNaming naming);

    /// <summary>How often a failed job runs again: true, false or a number. Default: true, Sidekiq's 25 times.</summary>
    ISidekiqJobConfigurator Retry(SidekiqRetry retry) => With(new JobOptions { Retry = retry });

    /// <summary>How long after its first failure a job is retried, instead of a number of retries.</summary>
    ISidekiqJobConfigurator RetryFor(TimeSpan window) => With(new JobOptions { RetryFor = window });

    /// <summary>The queue that a failed job moves to. Default: the queue it came from.</summary>
    ISidekiqJobConfigurator RetryQueue(string queue) => With(new JobOptions { RetryQueue = queue });

    /// <summary>Whether a job out of retries goes to the dead set; false drops it. Default: true.</summary>
    ISidekiqJobConfigurator Dead(bool dead) => With(new JobOptions { Dead = dead });

    /// <summary>How much of a stack trace a failed job keeps: true for all of it, or a number of lines. Default: none.</summary>
    ISidekiqJobConfigurator Backtrace(SidekiqBacktrace backtrace) => With(new JobOptions { Backtrace = backtrace });

    /// <summary>A failed job keeps its whole stack trace.</summary>
    ISidekiqJobConfigurator Backtrace() => Backtrace(SidekiqBacktrace.All);

    /// <summary>Tags, which Sidekiq's Web UI shows and filters by.</summary>
    ISidekiqJobConfigurator Tags(params string[] tags) => With(new JobOptions { Tags = [.. tags] });

    /// <summary>
    /// How long a job may wait: one that has not started by then is dropped, retries included. It counts from the job's creation or,
    /// if it was scheduled, from when it is due. The <c>TimeToLive</c> of a message takes precedence. Default: for ever.
    /// </summary>
    ISidekiqJobConfigurator ExpiresIn(TimeSpan life) => With(new JobOptions { ExpiresIn = life });

    /// <summary>
    /// Keeps equal jobs out for so long: one with the same queue, class and arguments is dropped, or as <c>OnConflict</c> says. It counts
    /// from when the job is due. A unique job costs two steps in Redis that others do without. Default: not unique.
    /// </summary>
    ISidekiqJobConfigurator UniqueFor(
        TimeSpan life,
        SidekiqUniqueUntil until = SidekiqUniqueUntil.Success,
        SidekiqConflict onConflict = SidekiqConflict.Drop
    ) =>
        With(
            new JobOptions
            {
                Unique = new UniqueOptions
                {
                    For = life,
                    Until = until,
                    OnConflict = onConflict,
                },
            }
        );

    /// <summary>What makes two jobs equal, instead of all their arguments: <c>UniqueBy&lt;SyncOrder&gt;(m =&gt; m.OrderId)</c>.</summary>
    ISidekiqJobConfigurator UniqueBy<T>(Func<T, object?> key)
        where T : class;

    /// <summary>
    /// Encrypts the last argument of the job, which is the whole message unless it is positional, with the host's newest
    /// <c>EncryptionKey</c>: only .NET services that have the key read it. Its <c>Fault&lt;T&gt;</c> is encrypted as well. Costs some
    /// microseconds and a third more space. Default: not encrypted.
    /// </summary>
    ISidekiqJobConfigurator Encrypt(bool encrypt = true) => With(new JobOptions { Encrypt = encrypt });

    /// <summary>Any other key of the job, for Ruby middleware that reads it, such as <c>lock</c>.</summary>
    ISidekiqJobConfigurator Option(string key, object? value) =>
        With(new JobOptions { Other = new Dictionary<string, object?>(StringComparer.Ordinal) { [key] = value } });

    // What every option ends in; options that are not set here keep what was configured before.
    internal ISidekiqJobConfigurator With(JobOptions options);
}
