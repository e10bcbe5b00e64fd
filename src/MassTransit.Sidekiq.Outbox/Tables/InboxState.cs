namespace MassTransit.Sidekiq;

/// <summary>
/// A message that a consumer has received: whoever finds the row knows that its effects are in the database already.
/// Same table as in MassTransit.EntityFrameworkCore 8.5.
/// </summary>
public class InboxState
{
    /// <summary>Counts the rows; nothing refers to it.</summary>
    public virtual long Id { get; set; }

    /// <summary>The message. For a job that Ruby pushed it is derived from the jid, so every retry has the same.</summary>
    public virtual Guid MessageId { get; set; }

    /// <summary>The consumer: endpoint, consumer type and message type, hashed.</summary>
    public virtual Guid ConsumerId { get; set; }

    /// <summary>Who works on it; written only by MassTransit's own outbox.</summary>
    public virtual Guid LockId { get; set; }

    /// <summary>SQL Server's rowversion; never written elsewhere.</summary>
    public virtual byte[]? RowVersion { get; set; }

    /// <summary>When it first came in.</summary>
    public virtual DateTime Received { get; set; }

    /// <summary>How often it came in.</summary>
    public virtual int ReceiveCount { get; set; }

    /// <summary>When the message itself expires, if it does.</summary>
    public virtual DateTime? ExpirationTime { get; set; }

    /// <summary>When its effects were committed.</summary>
    public virtual DateTime? Consumed { get; set; }

    /// <summary>
    /// When nothing was left to send for it, as MassTransit's own outbox has it; in a note of ours the end of its retention,
    /// so that a host with the former does not forget it before.
    /// </summary>
    public virtual DateTime? Delivered { get; set; }

    /// <summary>The last of its messages that was sent; written only by MassTransit's own outbox.</summary>
    public virtual long? LastSequenceNumber { get; set; }
}
