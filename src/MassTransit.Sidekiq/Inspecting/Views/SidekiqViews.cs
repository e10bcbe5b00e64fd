using System.Text;

namespace MassTransit;

/// <summary>An entry of a queue or a set: a job, or a string that is not a job.</summary>
public sealed class SidekiqEntry
{
    internal SidekiqEntry(byte[] json, double? score, SidekiqJob? job) => (Json, Score, Job) = (json, score, job);

    /// <summary>The job; null when the entry is not a job.</summary>
    public SidekiqJob? Job { get; }

    /// <summary>When it is due, or when it died; null in a queue.</summary>
    public DateTimeOffset? At => Score is { } score ? Sidekiq.Score.ToTime(score) : null;

    /// <summary>The string as stored in Redis.</summary>
    public string Text => field ??= Encoding.UTF8.GetString(Json);

    internal byte[] Json { get; }

    internal double? Score { get; }

    // What can be pushed to a queue.
    internal bool IsJob => Job is { Class: not null, HasArgumentList: true };
}

/// <summary>What the edited arguments of a job are checked against.</summary>
/// <param name="Message">The message type that they must fit; null when this process knows none of that class, and checks only JSON.</param>
/// <param name="Obstacle">Why the arguments cannot be edited, such as their encryption; null when they can.</param>
public sealed record SidekiqArgsCheck(string? Message, string? Obstacle);

/// <summary>The numbers of Sidekiq's dashboard.</summary>
public sealed record SidekiqStats
{
    /// <summary>Attempts ever run, failed ones included.</summary>
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

    /// <summary>Running jobs, as of the last heartbeats.</summary>
    public long Busy { get; init; }
}

/// <summary>The numbers of one day (UTC).</summary>
/// <param name="Date">The day.</param>
/// <param name="Processed">Attempts run, failed ones included.</param>
/// <param name="Failed">Attempts that failed.</param>
public sealed record SidekiqDay(DateOnly Date, long Processed, long Failed);

/// <summary>A queue.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Size">The number of waiting jobs.</param>
/// <param name="Latency">How long the next job has waited; zero when the queue is empty.</param>
/// <param name="IsPaused">Whether the queue is paused: workers take no jobs from it.</param>
public sealed record SidekiqQueue(string Name, long Size, TimeSpan Latency, bool IsPaused);

/// <summary>A process on the Busy page, of Ruby or .NET.</summary>
public sealed record SidekiqProcessInfo
{
    /// <summary>Host, process id and a random part.</summary>
    public required string Identity { get; init; }

    /// <summary>The host name of the machine.</summary>
    public string? HostName { get; init; }

    /// <summary>The operating system's process id.</summary>
    public long? ProcessId { get; init; }

    /// <summary>The name of the application.</summary>
    public string? Tag { get; init; }

    /// <summary>The version of Sidekiq, or of this library; null from Sidekiq 6.</summary>
    public string? Version { get; init; }

    /// <summary>The queues it takes jobs from.</summary>
    public IReadOnlyList<string> Queues { get; init; } = [];

    /// <summary>How many jobs it runs at most.</summary>
    public int Concurrency { get; init; }

    /// <summary>How many jobs it runs now.</summary>
    public int Busy { get; init; }

    /// <summary>Whether it takes no more jobs.</summary>
    public bool IsQuiet { get; init; }

    /// <summary>When it started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>The time of its last heartbeat.</summary>
    public DateTimeOffset? BeatAt { get; init; }

    /// <summary>Its resident memory.</summary>
    public long ResidentBytes { get; init; }

    /// <summary>Its round-trip time to Redis.</summary>
    public TimeSpan RoundTrip { get; init; }

    /// <summary>
    /// How long its lease lives unless it renews it, which it does every few seconds. Null for a process of Ruby, which has none, and
    /// when the lease has ended: another process of .NET returns its jobs to their queues then.
    /// </summary>
    public TimeSpan? Lease { get; init; }
}

/// <summary>A running job.</summary>
/// <param name="Identity">The identity of the process.</param>
/// <param name="Thread">The worker in the process.</param>
/// <param name="Queue">The queue the job came from.</param>
/// <param name="Job">The job; .NET omits the arguments of a large one. Null when it cannot be read.</param>
/// <param name="RunAt">When it started.</param>
public sealed record SidekiqWork(string Identity, string Thread, string Queue, SidekiqJob? Job, DateTimeOffset RunAt)
{
    /// <summary>How far an iterable job is, of .NET or Ruby; null for any other job, and before its first save.</summary>
    public SidekiqIteration? Iteration { get; init; }
}

/// <summary>How far an iterable job is, as it was last saved: every five seconds.</summary>
/// <param name="Runs">How many runs it has begun.</param>
/// <param name="Runtime">How long they took together.</param>
/// <param name="Cursor">The item that comes next; null when that is the first one.</param>
/// <param name="Done">How many items are done, if its consumer tells.</param>
/// <param name="Total">How many there are, if its consumer tells.</param>
public sealed record SidekiqIteration(long Runs, TimeSpan Runtime, string? Cursor, long? Done, long? Total);
