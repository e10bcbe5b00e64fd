using System.Text;
using System.Text.Json;
using MassTransit.Sidekiq;

namespace MassTransit;

/// <summary>
/// A job as stored in Redis. A field that is missing, or that is not what Sidekiq would write there, is null;
/// reading never changes the raw JSON.
/// </summary>
public sealed partial class SidekiqJob
{
    JobSlice args;
    JobSlice batch;
    JobSlice createdAt;
    JobSlice enqueuedAt;
    JobSlice expiresIn;
    JobSlice jid;
    JobSlice traceParent;
    JobSlice traceState;
    JobSlice uniqueFor;

    SidekiqJob(ReadOnlyMemory<byte> json, string queue) => (Json, Queue) = (json, queue);

    /// <summary>The queue it was fetched from, whatever queue the job itself names.</summary>
    public string Queue { get; }

    /// <summary>The Ruby class that runs it; for an ActiveJob, the wrapper.</summary>
    public string? Class { get; private set; }

    /// <summary>The class of the ActiveJob inside the wrapper.</summary>
    public string? Wrapped { get; private set; }

    /// <summary>The job's id, usually 24 hexadecimal digits; it stays the same through retries.</summary>
    public string? Jid => field ??= Text(jid);

    /// <summary>How many times it is retried.</summary>
    public SidekiqRetry Retry { get; private set; }

    /// <summary>Failures before this run, less one: null when it never failed, 0 after the first failure.</summary>
    public int? RetryCount { get; private set; }

    /// <summary>When it was first created.</summary>
    public DateTimeOffset? CreatedAt => Time(createdAt);

    /// <summary>When it was last pushed to a queue.</summary>
    public DateTimeOffset? EnqueuedAt => Time(enqueuedAt);

    /// <summary>When it failed for the first time.</summary>
    public DateTimeOffset? FailedAt => Time(Find("failed_at"));

    /// <summary>When it failed last, from the second failure on.</summary>
    public DateTimeOffset? RetriedAt => Time(Find("retried_at"));

    /// <summary>The type of the exception it last failed with.</summary>
    public string? ErrorClass => Text(Find("error_class"));

    /// <summary>The message of the exception it last failed with.</summary>
    public string? ErrorMessage => Text(Find("error_message"));

    /// <summary>Its tags; empty when it has no array of them.</summary>
    public IReadOnlyList<string> Tags =>
        TryGet("tags", out var tags) && tags.ValueKind == JsonValueKind.Array
            ? [.. tags.EnumerateArray().Select(JobSlice.Text).OfType<string>()]
            : [];

    /// <summary>The locale that Sidekiq's middleware for I18n stored, in which a Ruby worker runs it.</summary>
    public string? Locale => Text(Find("locale"));

    /// <summary>
    /// Rails's CurrentAttributes, which Sidekiq's middleware stored under <c>cattr</c>, by name: those of all classes together. Symbols,
    /// times and records are the plain strings inside. Empty when it has none.
    /// </summary>
    public IReadOnlyDictionary<string, JsonElement> CurrentAttributes => Sidekiq.CurrentAttributes.Of(Json);

    /// <summary>How much of a failure's stack trace it keeps.</summary>
    public SidekiqBacktrace? Backtrace => JobOptions.ReadBacktrace(this);

    /// <summary>How long after its first failure it is retried, instead of a number of retries.</summary>
    public TimeSpan? RetryFor => JobOptions.ReadRetryFor(this);

    /// <summary>The queue it moves to when it fails.</summary>
    public string? RetryQueue => Text(Find("retry_queue"));

    /// <summary>False when it does not go to the dead set at the end of its retries.</summary>
    public bool? Dead =>
        TryGet("dead", out var dead) && dead.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? dead.GetBoolean()
            : null;

    /// <summary>How long it may wait: Sidekiq Pro's <c>expires_in</c>, MassTransit's <c>TimeToLive</c>.</summary>
    public TimeSpan? ExpiresIn => expiresIn.IsAbsent ? null : JobSeconds.Read(expiresIn.In(Json));

    /// <summary>
    /// When it is dropped if it has not started: <see cref="ExpiresIn" /> after it was created, or after it was due if it was
    /// scheduled. Null for a job that does not expire.
    /// </summary>
    public DateTimeOffset? ExpiresAt =>
        Metadata?.ExpiresAt
        ?? (
            ExpiresIn is { } life && LifeBegan(life) is { } began && life < DateTimeOffset.MaxValue - began
                ? began + life
                : null
        );

    /// <summary>How long it keeps equal jobs out, from when it is due: <c>unique_for</c>. Null for a job that is not unique.</summary>
    public TimeSpan? UniqueFor => uniqueFor.IsAbsent ? null : JobSeconds.Read(uniqueFor.In(Json));

    /// <summary>The batch that it belongs to, as <see cref="ISidekiqBatches" /> started it. Null for a job of none.</summary>
    public string? BatchId => batch.IsAbsent ? null : Text(batch);

    /// <summary>The W3C trace context of its sender.</summary>
    public string? TraceParent => Text(traceParent);

    /// <summary>The vendor-specific part of <see cref="TraceParent"/>.</summary>
    public string? TraceState => Text(traceState);

    /// <summary>What ActiveJob keeps in its wrapper: its id and its own count of runs. Null for a job that is not an ActiveJob.</summary>
    public SidekiqActiveJob? ActiveJob =>
        Class is not null && ActiveJobWrapper.Is(Class) && HasArgumentList
            ? SidekiqActiveJob.Read(Json.Slice(FirstArg.Start, FirstArg.Length))
            : null;

    /// <summary>The arguments as stored in the job, a JSON array; empty when it has none.</summary>
    public ReadOnlyMemory<byte> Args => Json.Slice(args.Start, args.Length);

    /// <summary>Whether the arguments are an array, which Ruby's client requires, although its workers do not.</summary>
    public bool HasArgumentList { get; private set; }

    /// <summary>The whole job as stored in Redis.</summary>
    public string RawJson => field ??= Encoding.UTF8.GetString(Json.Span);

    /// <summary>The keys that are neither Sidekiq's nor ours, in their order: what middleware added.</summary>
    public IEnumerable<KeyValuePair<string, JsonElement>> UnknownFields =>
        JobJson.Members(Json).Where(member => !JobFields.IsKnown(member.Key));

    internal ReadOnlyMemory<byte> Json { get; }

    // Our own extension: null for a job that another client pushed.
    internal JobMetadata? Metadata { get; private set; }

    // What the end of this job releases; null if it is not unique, or until its time is over.
    internal JobLock? Lock =>
        uniqueFor.IsAbsent || UniqueFor is not { } life || Jid is null || Class is null
            ? null
            : field ??= JobLock.Of(Json, Queue, Class, Jid, life, () => ActiveJobWrapper.DigestOf(this));

    // What ends with it, in one step.
    internal JobTies Ties => new(Lock, BatchId is { } bid && Jid is { } jid ? new BatchMember(bid, jid) : null);

    internal int ArgsCount { get; private set; }

    internal JobSlice FirstArg { get; private set; }

    /// <summary>Any top-level key of the job.</summary>
    public bool TryGet(string key, out JsonElement value)
    {
        var slice = Find(key);
        if (slice.IsAbsent)
        {
            value = default;
            return false;
        }

        var reader = new Utf8JsonReader(slice.In(Json), JobReader.Options);
        value = JsonElement.ParseValue(ref reader);
        return true;
    }

    /// <summary>The whole job as stored in Redis.</summary>
    public override string ToString() => RawJson;

    // Ruby does not keep when a scheduled job was due. The first push tells it; and a job that failed for the first time when it
    // would have expired already had been scheduled, not long before that failure.
    DateTimeOffset? LifeBegan(TimeSpan life) =>
        FailedAt is not { } failed ? EnqueuedAt ?? CreatedAt
        : failed - CreatedAt > life ? failed
        : CreatedAt;

    JobSlice Find(string key) => JobJson.Find(Json, key);

    string? Text(JobSlice slice) => JobSlice.Text(slice.In(Json));

    DateTimeOffset? Time(JobSlice slice) => JobTime.Read(slice.In(Json));
}
