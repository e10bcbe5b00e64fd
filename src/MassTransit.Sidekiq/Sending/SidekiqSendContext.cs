using MassTransit.Sidekiq;

namespace MassTransit;

/// <summary>The send context of a message that is sent as a Sidekiq job.</summary>
#pragma warning disable CA1715 // MassTransit's contexts have no prefix
public interface SidekiqSendContext : SendContext
#pragma warning restore CA1715
{
    /// <summary>The job id. It is derived from the message id, so that sending the same message again uses the same job id.</summary>
    string JobId { get; }

    /// <summary>The Ruby class to run. Default: the class of the message's contract.</summary>
    string? JobClass { get; set; }

    /// <summary>Sidekiq's <c>retry</c>: true, false, or how often. Default: the contract's.</summary>
    SidekiqRetry Retry
    {
        get => Options.Retry;
        set => Options = Options with { Retry = value };
    }

    /// <summary>Sidekiq's <c>tags</c>, shown in its Web UI. Default: the contract's.</summary>
    IReadOnlyList<string>? Tags
    {
        get => Options.Tags;
        set => Options = Options with { Tags = value };
    }

    /// <summary>Sidekiq's <c>backtrace</c>: how much of a stack trace a failed job keeps. Default: the contract's.</summary>
    SidekiqBacktrace? Backtrace
    {
        get => Options.Backtrace;
        set => Options = Options with { Backtrace = value };
    }

    /// <summary>Sidekiq's <c>dead</c>: whether an exhausted job is kept in the dead set. Default: the contract's.</summary>
    bool? Dead
    {
        get => Options.Dead;
        set => Options = Options with { Dead = value };
    }

    /// <summary>Sidekiq's <c>retry_for</c>: how long to retry, instead of how often. Default: the contract's.</summary>
    TimeSpan? RetryFor
    {
        get => Options.RetryFor;
        set => Options = Options with { RetryFor = value };
    }

    /// <summary>Sidekiq's <c>retry_queue</c>: the queue that the job is retried in. Default: the contract's.</summary>
    string? RetryQueue
    {
        get => Options.RetryQueue;
        set => Options = Options with { RetryQueue = value };
    }

    /// <summary>
    /// Sidekiq Pro's <c>expires_in</c>: how long the job may wait before it is dropped. MassTransit's <c>TimeToLive</c> is the same, and
    /// takes precedence. Default: the contract's.
    /// </summary>
    TimeSpan? ExpiresIn
    {
        get => Options.ExpiresIn;
        set => Options = Options with { ExpiresIn = value };
    }

    /// <summary>Keeps equal jobs out for so long; zero for a job that is not unique. Default: the contract's.</summary>
    TimeSpan? UniqueFor
    {
        get => Options.Unique?.For;
        set => Options = Options with { Unique = (Options.Unique ?? new UniqueOptions()) with { For = value } };
    }

    /// <summary>Until when a unique job keeps others out, if that is before its time is over. Default: the contract's.</summary>
    SidekiqUniqueUntil? UniqueUntil
    {
        get => Options.Unique?.Until;
        set => Options = Options with { Unique = (Options.Unique ?? new UniqueOptions()) with { Until = value } };
    }

    /// <summary>What becomes of this job if a unique one keeps it out. Default: the contract's.</summary>
    SidekiqConflict? OnConflict
    {
        get => Options.Unique?.OnConflict;
        set => Options = Options with { Unique = (Options.Unique ?? new UniqueOptions()) with { OnConflict = value } };
    }

    /// <summary>
    /// The batch that the job belongs to: the id of one that is open, such as that of the job that sends it (<c>context.GetJob().BatchId</c>).
    /// The send fails with <see cref="BatchEndedException" /> if that has ended. Default: none.
    /// </summary>
    string? BatchId
    {
        get => Options.Batch;
        set => Options = Options with { Batch = value };
    }

    /// <summary>
    /// Whether the last argument is encrypted with the host's newest <c>EncryptionKey</c>. A fault of this message is encrypted only if its
    /// type is. Default: the contract's.
    /// </summary>
    bool? Encrypt
    {
        get => Options.Encrypt;
        set => Options = Options with { Encrypt = value };
    }

    /// <summary>Adds a custom key to the job, for Ruby middleware to read. Keys that belong to Sidekiq or to this transport are refused.</summary>
    /// <exception cref="ArgumentException">The key belongs to Sidekiq or to this transport.</exception>
    void SetJobKey(string key, object? value)
    {
        if (JobFields.IsReserved(key))
        {
            throw new ArgumentException(
                $"Job key '{key}' belongs to Sidekiq or to this transport. Set the option of that name, or choose another key.",
                nameof(key)
            );
        }

        Options = new JobOptions
        {
            Other = new Dictionary<string, object?>(StringComparer.Ordinal) { [key] = value },
        }.Over(Options);
    }

    // The options set on it, which take precedence over the contract.
    internal JobOptions Options { get; set; }

    // The clock by which its delay is measured.
    internal TimeProvider Clock { get; }

    // What it takes over from the job that is being consumed, below the contract.
    internal JobOptions? Inherited { get; set; }
}

/// <summary>Sets Sidekiq's options on a single send or publish.</summary>
public static class SidekiqSendContextExtensions
{
    /// <summary>
    /// Sets Sidekiq's options for this message: <c>endpoint.Send(message, x =&gt; x.Job(job =&gt; job.Retry = 3))</c>.
    /// On another transport it does nothing.
    /// </summary>
    public static void Job(this SendContext context, Action<SidekiqSendContext> configure)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(configure);

        if (context.TryGetPayload<SidekiqSendContext>(out var job))
        {
            configure(job);
        }
    }
}
