namespace MassTransit.Sidekiq;

/// <summary>
/// One transaction with messages to send; hosts lock this row, so its messages are sent together and in order.
/// Same table as in MassTransit.EntityFrameworkCore 8.5.
/// </summary>
public class OutboxState
{
    /// <summary>Shared by the messages of the transaction.</summary>
    public virtual Guid OutboxId { get; set; }

    /// <summary>The process that drains it; written only by MassTransit's own outbox.</summary>
    public virtual Guid LockId { get; set; }

    /// <summary>SQL Server's rowversion; never written elsewhere.</summary>
    public virtual byte[]? RowVersion { get; set; }

    /// <summary>When its first message was staged. Older transactions are drained first.</summary>
    public virtual DateTime Created { get; set; }

    /// <summary>When its last message was sent; written only by MassTransit's own outbox.</summary>
    public virtual DateTime? Delivered { get; set; }

    /// <summary>The last of its messages that was sent; written only by MassTransit's own outbox.</summary>
    public virtual long? LastSequenceNumber { get; set; }
}
