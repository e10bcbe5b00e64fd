namespace MassTransit.Sidekiq;

// A job with holes for queue, class and jid, which the publish script fills for each subscriber:
// BeforeQueue + json(queue) + BetweenQueueAndClass + json(class) + ,"jid":" + jid + " + AfterJid.
// An ActiveJob names its queue inside its arguments as well: behind so many bytes of BetweenQueueAndClass; 0 for no such place.
internal sealed record JobTemplate(
    byte[] BeforeQueue,
    byte[] BetweenQueueAndClass,
    byte[] AfterJid,
    int QueueInside = 0
)
{
    static readonly byte[] queueKey = "{\"queue\":"u8.ToArray();
    static readonly byte[] argsKey = ",\"args\":"u8.ToArray();
    static readonly byte[] classKey = ",\"class\":"u8.ToArray();

    // Of a job that was stored in parts: its arguments, and the rest of it (JobWriter.WriteRest) without them and its class.
    public static JobTemplate Of(
        ReadOnlySpan<byte> rest,
        ReadOnlyMemory<byte> args,
        bool isActiveJob,
        DateTimeOffset? enqueuedAt,
        SidekiqTimeFormat times
    )
    {
        using var text = JobText.Rent();
        text.Raw(","u8);
        text.Raw(rest[1..^1]);
        if (enqueuedAt is { } time)
        {
            text.Raw(",\"enqueued_at\":"u8);
            text.Time(time, times);
        }

        text.Raw("}"u8);
        var name = isActiveJob ? ActiveJobWrapper.QueueName(args) : default;
        return name.IsAbsent
            ? new JobTemplate(queueKey, [.. argsKey, .. args.Span, .. classKey], text.ToArray())
            : new JobTemplate(
                queueKey,
                [.. argsKey, .. args.Span[..name.Start], .. args.Span[(name.Start + name.Length)..], .. classKey],
                text.ToArray(),
                argsKey.Length + name.Start
            );
    }

    // What the publish script makes of it.
    public byte[] Fill(string queue, string jobClass, string jid)
    {
        using var text = JobText.Rent();
        text.Raw(BeforeQueue);
        text.String(queue);
        text.Raw(BetweenQueueAndClass.AsSpan(0, QueueInside));
        if (QueueInside > 0)
        {
            text.String(queue);
        }

        text.Raw(BetweenQueueAndClass.AsSpan(QueueInside));
        text.String(jobClass);
        text.Raw(",\"jid\":"u8);
        text.String(jid);
        text.Raw(AfterJid);
        return text.ToArray();
    }
}
