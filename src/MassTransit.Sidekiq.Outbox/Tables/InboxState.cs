namespace MassTransit.Sidekiq;

/// <summary>
/// A message that a consumer has received: if the row exists, its effects are in the database already.
/// Same table as in MassTransit.EntityFrameworkCore 8.5.
/// </summary>
public class InboxState
{
    /// <summary>Numbers the rows; nothing refers to it.</summary>
    public virtual long Id { get; set; }

    /// <summary>The message. For a job that Ruby pushed it is derived from the jid, so it is the same for every retry.</summary>
    public virtual Guid MessageId { get; set; }

    /// <summary>The consumer: endpoint, consumer type and message type, hashed.</summary>
    public virtual Guid ConsumerId { get; set; }

    /// <summary>The process that works on it; written only by MassTransit's own outbox.</summary>
    public virtual Guid LockId { get; set; }

    /// <summary>SQL Server's rowversion; never written elsewhere.</summary>
    public virtual byte[]? RowVersion { get; set; }

    /// <summary>When it was first received.</summary>
    public virtual DateTime Received { get; set; }

    /// <summary>How often it was received.</summary>
    public virtual int ReceiveCount { get; set; }

    /// <summary>When the message itself expires, if it does.</summary>
    public virtual DateTime? ExpirationTime { get; set; }

    /// <summary>When its effects were committed.</summary>
    public virtual DateTime? Consumed { get; set; }

    /// <summary>
    /// When nothing was left to send for it, as in MassTransit's own outbox; in our rows the end of its retention,
    /// so that a host with the former does not remove it earlier.
    /// </summary>
    public virtual DateTime? Delivered { get; set; }

    /// <summary>The last of its messages that was sent; written only by MassTransit's own outbox.</summary>
    public virtual long? LastSequenceNumber { get; set; }
}
