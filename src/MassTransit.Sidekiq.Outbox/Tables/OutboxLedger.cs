namespace MassTransit.Sidekiq;

/// <summary>
/// A job that was pushed and is not known to be done, with <see cref="SidekiqOutboxOptions.KeepUntilCompleted" />.
/// </summary>
public class OutboxLedger
{
    /// <summary>The job's id.</summary>
    public virtual string Jid { get; set; } = "";

    /// <summary>The message that it carries.</summary>
    public virtual Guid MessageId { get; set; }

    /// <summary>The queue it was pushed to.</summary>
    public virtual string Queue { get; set; } = "";

    /// <summary>The job as it was pushed.</summary>
    public virtual string Job { get; set; } = "";

    /// <summary>When it was first pushed.</summary>
    public virtual DateTime SentAt { get; set; }

    /// <summary>When it is due, for a scheduled message.</summary>
    public virtual DateTime? Due { get; set; }

    /// <summary>When to look for it in Redis, if it has not been completed by then; null for a dead one.</summary>
    public virtual DateTime? NextLook { get; set; }

    /// <summary>When a look did not find it; the next one decides.</summary>
    public virtual DateTime? Missed { get; set; }

    /// <summary>How often it was pushed again.</summary>
    public virtual int PushedAgain { get; set; }

    /// <summary>The Redis data set that it was pushed into: another one does not contain it.</summary>
    public virtual string Epoch { get; set; } = "";

    /// <summary>When it was found to be dead.</summary>
    public virtual DateTime? DiedAt { get; set; }
}
