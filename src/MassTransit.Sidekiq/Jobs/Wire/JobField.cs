namespace MassTransit.Sidekiq;

// The keys that are located in every job that is read; all others are looked up on demand.
internal enum JobField : byte
{
    Other,
    Args,
    Batch,
    Class,
    CreatedAt,
    EnqueuedAt,
    ExpiresIn,
    Jid,
    Metadata,
    Retry,
    RetryCount,
    TraceParent,
    TraceState,
    UniqueFor,
    Wrapped,
}

internal static class JobFields
{
    // The key of our only extension.
    public const string Metadata = "mt";

    // What Sidekiq 6 to 8, its API and its official add-ons read or write, and our own.
    static readonly HashSet<string> known = new(StringComparer.Ordinal)
    {
        "args",
        "at",
        "bid",
        "class",
        "created_at",
        "discarded_at",
        "display_class",
        "encrypt",
        "enqueued_at",
        "error_backtrace",
        "error_class",
        "error_message",
        "failed_at",
        "jid",
        "locale",
        "log_level",
        Metadata,
        "profile",
        "profiler_options",
        "queue",
        "retried_at",
        "retry_count",
        "traceparent",
        "tracestate",
        "wrapped",
    };

    // Keys that are written from the job itself.
    static readonly HashSet<string> reserved = new(StringComparer.Ordinal)
    {
        "args",
        "at",
        "class",
        "created_at",
        "enqueued_at",
        "jid",
        Metadata,
        "queue",
        "traceparent",
        "tracestate",
        "wrapped",
    };

    static JobFields()
    {
        string[] options = [.. JobOptions.Keys, .. UniqueOptions.Keys];
        known.UnionWith(options);
        reserved.UnionWith(options);
    }

    public static bool IsKnown(string key) => known.Contains(key);

    // Reserved keys cannot be set as an option.
    public static bool IsReserved(string key) => reserved.Contains(key);

    public static JobField Find(ReadOnlySpan<byte> key) =>
        key.Length switch
        {
            2 when key.SequenceEqual("mt"u8) => JobField.Metadata,
            3 when key.SequenceEqual("jid"u8) => JobField.Jid,
            4 when key.SequenceEqual("args"u8) => JobField.Args,
            5 when key.SequenceEqual("class"u8) => JobField.Class,
            5 when key.SequenceEqual("retry"u8) => JobField.Retry,
            8 when key.SequenceEqual("mt_batch"u8) => JobField.Batch,
            7 when key.SequenceEqual("wrapped"u8) => JobField.Wrapped,
            10 when key.SequenceEqual("created_at"u8) => JobField.CreatedAt,
            10 when key.SequenceEqual("expires_in"u8) => JobField.ExpiresIn,
            10 when key.SequenceEqual("tracestate"u8) => JobField.TraceState,
            10 when key.SequenceEqual("unique_for"u8) => JobField.UniqueFor,
            11 when key.SequenceEqual("enqueued_at"u8) => JobField.EnqueuedAt,
            11 when key.SequenceEqual("retry_count"u8) => JobField.RetryCount,
            11 when key.SequenceEqual("traceparent"u8) => JobField.TraceParent,
            _ => JobField.Other,
        };
}
