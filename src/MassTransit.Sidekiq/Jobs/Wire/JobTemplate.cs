namespace MassTransit.Sidekiq;

// A job with placeholders for queue, class and jid, which the publish script fills in for each subscriber:
// BeforeQueue + json(queue) + BetweenQueueAndClass + json(class) + ,"jid":" + jid + " + AfterJid.
// An ActiveJob names its queue inside its arguments as well: at this byte offset in BetweenQueueAndClass; 0 for none.
internal sealed record JobTemplate(
    byte[] BeforeQueue,
    byte[] BetweenQueueAndClass,
    byte[] AfterJid,
    int QueueInside = 0
)
{
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
