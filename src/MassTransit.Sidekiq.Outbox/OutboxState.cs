namespace MassTransit.Sidekiq;

/// <summary>
/// One transaction with messages to send; the row is what hosts lock, so its messages go out together and in order.
/// Same table as in MassTransit.EntityFrameworkCore 8.5.
/// </summary>
public sealed class OutboxState
{
    /// <summary>What the messages of the transaction have in common.</summary>
    public Guid OutboxId { get; set; }

    /// <summary>Who drains it; written only by MassTransit's own outbox.</summary>
    public Guid LockId { get; set; }

    /// <summary>SQL Server's rowversion; never written elsewhere.</summary>
    public byte[]? RowVersion { get; set; }

    /// <summary>When its first message was staged. Older transactions are drained first.</summary>
    public DateTime Created { get; set; }

    /// <summary>When its last message was sent; written only by MassTransit's own outbox.</summary>
    public DateTime? Delivered { get; set; }

    /// <summary>The last of its messages that was sent; written only by MassTransit's own outbox.</summary>
    public long? LastSequenceNumber { get; set; }
}
