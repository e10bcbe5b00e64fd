namespace MassTransit.Sidekiq;

// A job stored in parts, by an outbox or as a periodic job: its arguments, and the rest without them and without its class
// (JobWriter.WriteRest). It lacks queue, jid and the time of the push.
internal sealed record JobParts(
    ReadOnlyMemory<byte> Rest,
    ReadOnlyMemory<byte> Args,
    DateTimeOffset? EnqueuedAt,
    SidekiqTimeFormat Times,
    bool IsActiveJob = false
)
{
    public byte[] Write(string queue, string jobClass, string jid)
    {
        using var text = JobText.Rent();
        text.Raw("{\"queue\":"u8);
        text.String(queue);
        WriteArgs(text, queue);
        text.String(jobClass);
        text.Raw(",\"jid\":"u8);
        text.String(jid);
        WriteEnd(text);
        return text.ToArray();
    }

    public JobTemplate ToTemplate()
    {
        using var text = JobText.Rent();
        text.Raw("{\"queue\":"u8);
        var queue = text.Length;
        var inside = WriteArgs(text, queue: null);
        var jid = text.Length;
        WriteEnd(text);

        var written = text.Written;
        return new JobTemplate(
            written[..queue].ToArray(),
            written[queue..jid].ToArray(),
            written[jid..].ToArray(),
            inside > 0 ? inside - queue : 0
        );
    }

    // Returns the offset in an ActiveJob's arguments for a queue that is not known yet; 0 for none.
    int WriteArgs(JobText text, string? queue)
    {
        text.Raw(",\"args\":"u8);
        var inside = ActiveJobWrapper.WriteArgs(text, Args, IsActiveJob, queue);
        text.Raw(",\"class\":"u8);
        return inside;
    }

    void WriteEnd(JobText text)
    {
        text.Raw(","u8);
        text.Raw(Rest.Span[1..^1]);
        if (EnqueuedAt is { } time)
        {
            text.Raw(",\"enqueued_at\":"u8);
            text.Time(time, Times);
        }

        text.Raw("}"u8);
    }
}
