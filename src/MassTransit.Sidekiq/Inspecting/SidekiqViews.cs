using System.Text;

namespace MassTransit;

/// <summary>What stands in a queue or a set: a job, or text that is none.</summary>
public sealed class SidekiqEntry
{
    internal SidekiqEntry(byte[] json, double? score, SidekiqJob? job) => (Json, Score, Job) = (json, score, job);

    /// <summary>The job; null when the text is none.</summary>
    public SidekiqJob? Job { get; }

    /// <summary>When it is due, or when it died; null in a queue.</summary>
    public DateTimeOffset? At => Score is { } score ? Sidekiq.Score.ToTime(score) : null;

    /// <summary>The text as it stands in Redis.</summary>
    public string Text => field ??= Encoding.UTF8.GetString(Json);

    internal byte[] Json { get; }

    internal double? Score { get; }
}

/// <summary>The figures of Sidekiq's dashboard.</summary>
public sealed record SidekiqStats
{
    /// <summary>Jobs ever run, those that failed included.</summary>
    public long Processed { get; init; }

    /// <summary>Attempts that failed.</summary>
    public long Failed { get; init; }

    /// <summary>Jobs in all queues.</summary>
    public long Enqueued { get; init; }

    /// <summary>Jobs in the scheduled set.</summary>
    public long Scheduled { get; init; }

    /// <summary>Jobs in the retry set.</summary>
    public long Retries { get; init; }

    /// <summary>Entries of the dead set.</summary>
    public long Dead { get; init; }

    /// <summary>Processes on the Busy page.</summary>
    public long Processes { get; init; }

    /// <summary>Jobs that run, as of the last beats.</summary>
    public long Busy { get; init; }
}

/// <summary>What one day (UTC) brought.</summary>
/// <param name="Date">The day.</param>
/// <param name="Processed">Jobs run, those that failed included.</param>
/// <param name="Failed">Attempts that failed.</param>
public sealed record SidekiqDay(DateOnly Date, long Processed, long Failed);

/// <summary>A queue.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Size">Jobs that wait in it.</param>
/// <param name="Latency">How long the next one has waited; zero when it is empty.</param>
/// <param name="IsPaused">Whether nobody should take from it.</param>
public sealed record SidekiqQueue(string Name, long Size, TimeSpan Latency, bool IsPaused);

/// <summary>A process on the Busy page, Ruby's or ours.</summary>
public sealed record SidekiqProcessInfo
{
    /// <summary>Host, process id and a random part.</summary>
    public required string Identity { get; init; }

    /// <summary>The machine.</summary>
    public string? HostName { get; init; }

    /// <summary>The operating system's number of it.</summary>
    public long? ProcessId { get; init; }

    /// <summary>The application.</summary>
    public string? Tag { get; init; }

    /// <summary>Of Sidekiq, or of this library; null from Sidekiq 6.</summary>
    public string? Version { get; init; }

    /// <summary>The queues it takes jobs from.</summary>
    public IReadOnlyList<string> Queues { get; init; } = [];

    /// <summary>How many jobs it runs at most.</summary>
    public int Concurrency { get; init; }

    /// <summary>How many it runs.</summary>
    public int Busy { get; init; }

    /// <summary>Whether it takes no more jobs.</summary>
    public bool IsQuiet { get; init; }

    /// <summary>When it started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it was last heard of.</summary>
    public DateTimeOffset? BeatAt { get; init; }

    /// <summary>The memory it occupies.</summary>
    public long ResidentBytes { get; init; }

    /// <summary>How long Redis took to answer it.</summary>
    public TimeSpan RoundTrip { get; init; }
}

/// <summary>A job that runs.</summary>
/// <param name="Identity">The process.</param>
/// <param name="Thread">Its worker.</param>
/// <param name="Queue">The queue the job came from.</param>
/// <param name="Job">The job; of a large one in .NET, its arguments are left out. Null when it cannot be read.</param>
/// <param name="RunAt">When it began.</param>
public sealed record SidekiqWork(string Identity, string Thread, string Queue, SidekiqJob? Job, DateTimeOffset RunAt);
