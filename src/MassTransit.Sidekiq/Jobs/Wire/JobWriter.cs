namespace MassTransit.Sidekiq;

/// Writes a job as Ruby's client would: options first, then arguments, class, ids and times, what middleware adds, the push time last.
internal static class JobWriter
{
    static readonly HashSet<string> own = new(StringComparer.Ordinal)
    {
        "args",
        "at",
        "class",
        "created_at",
        "enqueued_at",
        "jid",
        JobFields.Metadata,
        "queue",
        "traceparent",
        "tracestate",
        "wrapped",
    };

    static readonly HashSet<string> ownOptions = new(StringComparer.Ordinal)
    {
        "backtrace",
        "dead",
        "retry",
        "retry_for",
        "retry_queue",
        "tags",
    };

    public static byte[] Write(JobDraft draft)
    {
        using var text = JobText.Rent();
        BeforeQueue(text, draft);
        text.String(draft.Queue);
        BetweenQueueAndClass(text, draft, draft.Queue);
        text.String(draft.Class);
        text.Raw(",\"jid\":"u8);
        text.String(draft.Jid);
        AfterJid(text, draft);
        return text.ToArray();
    }

    public static JobTemplate WriteTemplate(JobDraft draft)
    {
        using var text = JobText.Rent();
        BeforeQueue(text, draft);
        var queue = text.Length;
        var inside = BetweenQueueAndClass(text, draft, queue: null);
        var jid = text.Length;
        AfterJid(text, draft);

        var written = text.Written;
        return new JobTemplate(
            written[..queue].ToArray(),
            written[queue..jid].ToArray(),
            written[jid..].ToArray(),
            inside > 0 ? inside - queue : 0
        );
    }

    /// Whether a key is written from what the job is, so that nobody may add it beside.
    public static bool IsReserved(string key) => own.Contains(key) || ownOptions.Contains(key);

    static void BeforeQueue(JobText text, JobDraft draft)
    {
        text.Raw("{\"retry\":"u8);
        switch (draft.Options.Retry)
        {
            case { IsNever: true }:
                text.Raw("false"u8);
                break;
            case { Limit: { } times }:
                text.Number(times);
                break;
            default:
                // Never left out: a job without the key is lost at its first failure where Ruby does not know its class.
                text.Raw("true"u8);
                break;
        }

        text.Raw(",\"queue\":"u8);
    }

    /// Returns where an ActiveJob's arguments want the queue that is not known yet; 0 when they do not.
    static int BetweenQueueAndClass(JobText text, JobDraft draft, string? queue)
    {
        var options = draft.Options;
        if (options.Backtrace is { } backtrace)
        {
            text.Raw(",\"backtrace\":"u8);
            if (backtrace.Lines is 0 or int.MaxValue)
            {
                text.Bool(backtrace.Lines > 0);
            }
            else
            {
                text.Number(backtrace.Lines);
            }
        }

        if (options.Dead is { } dead)
        {
            text.Raw(",\"dead\":"u8);
            text.Bool(dead);
        }

        if (options.RetryFor is { } window)
        {
            text.Raw(",\"retry_for\":"u8);
            text.Number((long)window.TotalSeconds);
        }

        Write(text, ",\"retry_queue\":"u8, options.RetryQueue);
        if (options.Tags is { Count: > 0 } tags)
        {
            text.Raw(",\"tags\":"u8);
            text.Strings(tags);
        }

        Write(text, options.Other);
        Write(text, ",\"wrapped\":"u8, draft.Wrapped);
        text.Raw(",\"args\":"u8);
        var inside = Args(text, draft, queue);
        text.Raw(",\"class\":"u8);
        return inside;
    }

    static int Args(JobText text, JobDraft draft, string? queue)
    {
        var args = draft.Args.Span;
        var name = draft.Wrapped is null ? default : ActiveJobArguments.QueueName(draft.Args);
        if (name.IsAbsent)
        {
            text.Raw(args);
            return 0;
        }

        text.Raw(args[..name.Start]);
        var inside = text.Length;
        if (queue is not null)
        {
            text.String(queue);
        }

        text.Raw(args[(name.Start + name.Length)..]);
        return inside;
    }

    static void AfterJid(JobText text, JobDraft draft)
    {
        text.Raw(",\"created_at\":"u8);
        text.Time(draft.CreatedAt, draft.TimeFormat);
        Write(text, draft.CustomKeys);
        Write(text, ",\"traceparent\":"u8, draft.TraceParent);
        Write(text, ",\"tracestate\":"u8, draft.TraceState);
        if (draft.Metadata is { } metadata)
        {
            text.Raw(",\"mt\":"u8);
            metadata.Write(text);
        }

        if (draft.EnqueuedAt is { } enqueuedAt)
        {
            text.Raw(",\"enqueued_at\":"u8);
            text.Time(enqueuedAt, draft.TimeFormat);
        }

        text.Raw("}"u8);
    }

    static void Write(JobText text, ReadOnlySpan<byte> key, string? value)
    {
        if (value is not null)
        {
            text.Raw(key);
            text.String(value);
        }
    }

    static void Write(JobText text, IReadOnlyDictionary<string, object?>? members)
    {
        if (members is null)
        {
            return;
        }

        foreach (var (key, value) in members)
        {
            if (IsReserved(key))
            {
                throw new ArgumentException(
                    $"Job key '{key}' is written from the message itself. Set what it stands for instead, or choose another key.",
                    nameof(members)
                );
            }

            text.Raw(","u8);
            text.String(key);
            text.Raw(":"u8);
            text.Value(value);
        }
    }
}
