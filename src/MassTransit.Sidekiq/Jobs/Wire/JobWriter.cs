namespace MassTransit.Sidekiq;

// Writes a job as Ruby's client does: options, arguments, class, ids and times, what middleware adds, and the push time last.
internal static class JobWriter
{
    public static byte[] Write(JobDraft draft, string queue, string jid)
    {
        using var text = JobText.Rent();
        BeforeQueue(text, draft);
        text.String(queue);
        BetweenQueueAndClass(text, draft, queue);
        text.String(draft.Class);
        text.Raw(",\"jid\":"u8);
        text.String(jid);
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

    // What is the same wherever and whenever the job is pushed: all but queue, class, jid and the time of the push. Without the
    // arguments where the caller stores them separately.
    public static byte[] WriteRest(JobDraft draft, bool withArgs)
    {
        using var text = JobText.Rent();
        text.Raw("{\"retry\":"u8);
        JobOptions.Write(text, draft.Options.Retry);
        draft.Options.WriteMembers(text);
        text.Member(",\"wrapped\":"u8, draft.Wrapped);
        if (withArgs)
        {
            text.Raw(",\"args\":"u8);
            text.Raw(draft.Args.Span);
            text.Raw(",\"class\":"u8);
            text.String(draft.Class);
        }

        Ending(text, draft);
        text.Raw("}"u8);
        return text.ToArray();
    }

    static void BeforeQueue(JobText text, JobDraft draft)
    {
        text.Raw("{\"retry\":"u8);
        // Never omitted: a job without the key is lost at its first failure where Ruby does not know its class.
        JobOptions.Write(text, draft.Options.Retry);
        text.Raw(",\"queue\":"u8);
    }

    // Returns the offset in an ActiveJob's arguments for a queue that is not known yet; 0 for none.
    static int BetweenQueueAndClass(JobText text, JobDraft draft, string? queue)
    {
        draft.Options.WriteMembers(text);
        text.Member(",\"wrapped\":"u8, draft.Wrapped);
        text.Raw(",\"args\":"u8);
        var inside = ActiveJobWrapper.WriteArgs(text, draft.Args, draft.Wrapped is not null, queue);
        text.Raw(",\"class\":"u8);
        return inside;
    }

    static void AfterJid(JobText text, JobDraft draft)
    {
        Ending(text, draft);
        if (draft.EnqueuedAt is { } enqueuedAt)
        {
            text.Raw(",\"enqueued_at\":"u8);
            text.Time(enqueuedAt, draft.TimeFormat);
        }

        text.Raw("}"u8);
    }

    static void Ending(JobText text, JobDraft draft)
    {
        if (draft.CreatedAt is { } createdAt)
        {
            text.Raw(",\"created_at\":"u8);
            text.Time(createdAt, draft.TimeFormat);
        }

        text.Member(",\"traceparent\":"u8, draft.TraceParent);
        if (draft.Metadata is { } metadata)
        {
            text.Raw(",\"mt\":"u8);
            metadata.Write(text);
        }
    }
}
