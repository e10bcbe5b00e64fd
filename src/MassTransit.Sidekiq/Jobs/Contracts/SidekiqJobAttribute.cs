using MassTransit.Sidekiq;

namespace MassTransit;

/// <summary>How a message's job differs from the convention on the wire: class, queue, arguments and options.</summary>
/// <param name="className">The Ruby class that runs the job. Without it: the .NET name as a Ruby constant.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Interface, Inherited = false)]
public sealed class SidekiqJobAttribute(string? className = null) : Attribute
{
    /// <summary>The Ruby class that runs the job; null for the .NET name as a Ruby constant.</summary>
    public string? ClassName { get; } = className;

    /// <summary>The queue that publishing the message pushes to, in addition to its subscribers. Default: none.</summary>
    public string? Queue { get; set; }

    /// <summary>How often a failed job runs again: <c>true</c>, <c>false</c> or a number, as in Ruby. Default: <c>true</c>.</summary>
    public object? Retry { get; set; }

    /// <summary>How the message becomes arguments. Default: one object.</summary>
    public SidekiqArgs Args
    {
        get => ArgsOrNull ?? SidekiqArgs.Hash;
        set => ArgsOrNull = value;
    }

    /// <summary>How properties are named. Default: camelCase; snake_case for an ActiveJob, whose keywords are Ruby names.</summary>
    public SidekiqNaming Naming
    {
        get => NamingOrNull ?? SidekiqNaming.CamelCase;
        set => NamingOrNull = value;
    }

    /// <summary>Further class names that are read as this message. Default: none.</summary>
    public string[] Aliases { get; set; } = [];

    /// <summary>Tags, which Sidekiq's Web UI shows and filters by. Default: none.</summary>
    public string[] Tags { get; set; } = [];

    /// <summary>How much of a stack trace a failed job keeps: <c>true</c>, <c>false</c> or a number of lines. Default: none.</summary>
    public object? Backtrace { get; set; }

    /// <summary>Whether a job out of retries goes to the dead set, for inspection; false drops it. Default: true.</summary>
    public bool Dead
    {
        get => DeadOrNull ?? true;
        set => DeadOrNull = value;
    }

    /// <summary>Seconds after its first failure in which it is retried, instead of a number of retries. Default: 0, no limit.</summary>
    public int RetryFor { get; set; }

    /// <summary>The queue that a failed job moves to. Default: the queue it came from.</summary>
    public string? RetryQueue { get; set; }

    /// <summary>
    /// Seconds after which a job that has not started is dropped, counted from its creation or, if it was scheduled, from when it is
    /// due: Sidekiq Pro's <c>expires_in</c>. The <c>TimeToLive</c> of a message takes precedence. Default: 0, never.
    /// </summary>
    public int ExpiresIn { get; set; }

    /// <summary>
    /// Seconds for which equal jobs are kept out, counted from when the job is due: Sidekiq Enterprise's <c>unique_for</c>. Equal are
    /// jobs with the same queue, class and arguments. Default: 0, not unique.
    /// </summary>
    public int UniqueFor { get; set; }

    /// <summary>Until when a unique job keeps others out, if that is before its time is over. Default: its end.</summary>
    public SidekiqUniqueUntil UniqueUntil { get; set; }

    /// <summary>What becomes of a job that a unique one keeps out. Default: it is dropped.</summary>
    public SidekiqConflict OnConflict { get; set; }

    /// <summary>
    /// Whether the last argument of the job, which is the whole message unless it is positional, is encrypted with the host's newest
    /// <c>EncryptionKey</c>: only .NET services that have the key read it. Costs some microseconds and a third more space. Default: false.
    /// </summary>
    public bool Encrypt { get; set; }

    internal SidekiqArgs? ArgsOrNull { get; private set; }

    internal SidekiqNaming? NamingOrNull { get; private set; }

    bool? DeadOrNull { get; set; }

    // Invalid option values are reported in `faults`.
    internal JobOptions ToOptions(string message, List<string> faults)
    {
        T Refused<T>(string option, object value, T instead)
        {
            faults.Add($"{option} of {message} is '{value}'. Set it to true, false or a whole number.");
            return instead;
        }

        return new JobOptions
        {
            Retry = Retry switch
            {
                null => SidekiqRetry.Absent,
                bool retry => retry,
                int times => times,
                var other => Refused(nameof(Retry), other, SidekiqRetry.Absent),
            },
            Backtrace = Backtrace switch
            {
                null => null,
                bool backtrace => backtrace,
                int lines => lines,
                var other => Refused(nameof(Backtrace), other, default(SidekiqBacktrace?)),
            },
            Dead = DeadOrNull,
            RetryFor = RetryFor == 0 ? null : TimeSpan.FromSeconds(RetryFor),
            RetryQueue = RetryQueue,
            Tags = Tags is { Length: > 0 } ? Tags : null,
            ExpiresIn = ExpiresIn == 0 ? null : TimeSpan.FromSeconds(ExpiresIn),
            Encrypt = Encrypt ? true : null,
            Unique =
                UniqueFor == 0
                    ? null
                    : new UniqueOptions
                    {
                        For = TimeSpan.FromSeconds(UniqueFor),
                        Until = UniqueUntil,
                        OnConflict = OnConflict,
                    },
        };
    }
}
