using System.Runtime.InteropServices;
using System.Text.Json;

namespace MassTransit.Sidekiq;

// How a job is treated: what a Ruby class configures in sidekiq_options and a caller in set. Attribute, contract, send context,
// retry configurator and outbox row hold this record, and jobs are written and read with it: it defines everything about an option
// but its documentation. An absent or null value is left to the next level in the order of precedence.
internal sealed record JobOptions
{
    public static readonly JobOptions None = new();

    public static readonly TimeSpan LongestRetryFor = JobSeconds.Longest;

    // The keys that our options have in a job.
    public static readonly string[] Keys =
    [
        "retry",
        "backtrace",
        "dead",
        "retry_for",
        "retry_queue",
        "tags",
        "expires_in",
        BatchMember.Key,
    ];

    public SidekiqRetry Retry { get; init; }

    public SidekiqBacktrace? Backtrace { get; init; }

    public bool? Dead { get; init; }

    public TimeSpan? RetryFor { get; init; }

    public string? RetryQueue { get; init; }

    public IReadOnlyList<string>? Tags { get; init; }

    public TimeSpan? ExpiresIn { get; init; }

    public UniqueOptions? Unique { get; init; }

    public string? Batch { get; init; }

    // Whether the last argument is encrypted when it is sent. No key of the job: its metadata tells what was done.
    public bool? Encrypt { get; init; }

    // Keys for the Ruby middleware that reads them.
    public IReadOnlyDictionary<string, object?>? Other { get; init; }

    // These, completed by the lower ones.
    public JobOptions Over(JobOptions lower)
    {
        if (ReferenceEquals(lower, None))
        {
            return this;
        }

        return ReferenceEquals(this, None)
            ? lower
            : new JobOptions
            {
                Retry = Retry.IsAbsent ? lower.Retry : Retry,
                Backtrace = Backtrace ?? lower.Backtrace,
                Dead = Dead ?? lower.Dead,
                RetryFor = RetryFor ?? lower.RetryFor,
                RetryQueue = RetryQueue ?? lower.RetryQueue,
                Tags = Tags ?? lower.Tags,
                ExpiresIn = ExpiresIn ?? lower.ExpiresIn,
                Unique = UniqueOptions.Over(Unique, lower.Unique),
                Batch = Batch ?? lower.Batch,
                Encrypt = Encrypt ?? lower.Encrypt,
                Other = Merged(Other, lower.Other),
            };
    }

    // Those of a job, from its public properties; what may be set as a further key is in Other, Sidekiq's own such as locale too.
    public static JobOptions Read(SidekiqJob job)
    {
        var tags = job.Tags;
        Dictionary<string, object?>? other = null;
        foreach (var (key, value) in JobJson.Members(job.Json).Where(member => !JobFields.IsReserved(member.Key)))
        {
            (other ??= new Dictionary<string, object?>(StringComparer.Ordinal))[key] = value;
        }

        return new JobOptions
        {
            Retry = job.Retry,
            Backtrace = job.Backtrace,
            Dead = job.Dead,
            RetryFor = job.RetryFor,
            RetryQueue = job.RetryQueue,
            Tags = tags.Count > 0 ? tags : null,
            ExpiresIn = job.ExpiresIn,
            Unique = job.UniqueFor is { } life ? UniqueOptions.Read(job.Json, life) : null,
            Batch = job.BatchId,
            Other = other,
        };
    }

    // Each as a member of an object, after a comma. `retry` is not among them: it opens a job, and no job is without it.
    public void WriteMembers(JobText text)
    {
        if (Backtrace is { } backtrace)
        {
            text.Raw(",\"backtrace\":"u8);
            Write(text, backtrace);
        }

        if (Dead is { } dead)
        {
            text.Raw(",\"dead\":"u8);
            text.Bool(dead);
        }

        if (RetryFor is { } window)
        {
            text.Raw(",\"retry_for\":"u8);
            text.Number(Math.Max(1, (long)window.TotalSeconds));
        }

        text.Member(",\"retry_queue\":"u8, RetryQueue);
        if (Tags is { Count: > 0 })
        {
            text.Raw(",\"tags\":"u8);
            text.Strings(Tags);
        }

        if (ExpiresIn is { } life)
        {
            // Rounded up, so that nobody who reads only this drops the job too early.
            text.Raw(",\"expires_in\":"u8);
            text.Number(Math.Max(1, (long)Math.Ceiling(life.TotalSeconds)));
        }

        Unique?.WriteMembers(text);
        text.Member(",\"mt_batch\":"u8, Batch);
        foreach (var (key, value) in Other ?? nothing)
        {
            text.Raw(","u8);
            text.String(key);
            text.Raw(":"u8);
            text.Value(value);
        }
    }

    public static void Write(JobText text, SidekiqRetry retry)
    {
        if (retry is { IsNever: false, Limit: { } times })
        {
            text.Number(times);
        }
        else
        {
            text.Bool(!retry.IsNever);
        }
    }

    // An object with the keys that they have in a job; null when there are none.
    public byte[]? ToJson()
    {
        using var text = JobText.Rent();
        text.Raw("{"u8);
        if (!Retry.IsAbsent)
        {
            text.Raw("\"retry\":"u8);
            Write(text, Retry);
        }

        var start = text.Length;
        WriteMembers(text);
        if (text.Length == 1)
        {
            return null;
        }

        text.Raw("}"u8);
        var json = text.ToArray();
        // If no `retry` precedes it, the first member has no comma.
        return start == 1 ? [.. "{"u8, .. json.AsSpan(2)] : json;
    }

    // As edits of a job.
    public JobEdit ToEdit()
    {
        var edit = new JobEdit();
        foreach (var (key, value) in ToJson() is { } json ? JobJson.Members(json) : [])
        {
            edit.SetRaw(key, JsonMarshal.GetRawUtf8Value(value));
        }

        return edit;
    }

    // The faults of a contract's options.
    public IEnumerable<string> Faults(string message)
    {
        if (RetryQueue is not null && QueueName.Fault(RetryQueue, $"Rename the retry queue of {message}.") is { } fault)
        {
            yield return fault;
        }

        if (Retry.Limit < 0)
        {
            yield return $"Retry of {message} is {Retry.Limit}. Set it to 0 or more, or to false.";
        }

        if (RetryFor is { } window && (window < TimeSpan.FromSeconds(1) || window > LongestRetryFor))
        {
            yield return $"RetryFor of {message} is {window.TotalSeconds} seconds. Sidekiq takes whole seconds from 1 to {LongestRetryFor.TotalSeconds:0}.";
        }

        if (ExpiresIn is { } life && (life < TimeSpan.FromSeconds(1) || life > LongestRetryFor))
        {
            yield return $"ExpiresIn of {message} is {life.TotalSeconds} seconds. Set it from 1 to {LongestRetryFor.TotalSeconds:0} seconds.";
        }

        foreach (var other in Unique?.Faults(message) ?? [])
        {
            yield return other;
        }
    }

    public static SidekiqRetry ReadRetry(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return SidekiqRetry.Absent;
            case JsonTokenType.False:
                return SidekiqRetry.Never;
            case JsonTokenType.Number when reader.TryGetInt32(out var times):
                return times;
            default:
                // Any other value is true in Ruby, and a value that is not an Integer means the default number there.
                reader.Skip();
                return SidekiqRetry.Default;
        }
    }

    public static SidekiqBacktrace? ReadBacktrace(SidekiqJob job) =>
        job.TryGet("backtrace", out var backtrace)
            ? backtrace.ValueKind switch
            {
                JsonValueKind.True => SidekiqBacktrace.All,
                JsonValueKind.False => SidekiqBacktrace.None,
                JsonValueKind.Number when backtrace.TryGetInt32(out var lines) => SidekiqBacktrace.First(lines),
                _ => null,
            }
            : null;

    public static TimeSpan? ReadRetryFor(SidekiqJob job) =>
        job.TryGet("retry_for", out var window)
        && window.ValueKind == JsonValueKind.Number
        && window.TryGetDouble(out var seconds)
        && seconds > 0
        && seconds <= LongestRetryFor.TotalSeconds
            ? TimeSpan.FromSeconds(seconds)
            : null;

    static readonly Dictionary<string, object?> nothing = [];

    static void Write(JobText text, SidekiqBacktrace backtrace)
    {
        if (backtrace.Lines is 0 or int.MaxValue)
        {
            text.Bool(backtrace.Lines > 0);
        }
        else
        {
            text.Number(backtrace.Lines);
        }
    }

    static IReadOnlyDictionary<string, object?>? Merged(
        IReadOnlyDictionary<string, object?>? upper,
        IReadOnlyDictionary<string, object?>? lower
    )
    {
        if (upper is null || lower is null)
        {
            return upper ?? lower;
        }

        var merged = new Dictionary<string, object?>(lower, StringComparer.Ordinal);
        foreach (var (key, value) in upper)
        {
            merged[key] = value;
        }

        return merged;
    }
}
