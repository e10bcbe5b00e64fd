using MassTransit.Sidekiq;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MassTransit;

/// <summary>Adds the tables of the outbox to a model.</summary>
public static class SidekiqOutboxModel
{
    /// <summary>
    /// Maps <see cref="InboxState" />, <see cref="OutboxState" /> and <see cref="OutboxMessage" />, with the tables, columns and
    /// indexes of MassTransit.EntityFrameworkCore 8.5, and <see cref="OutboxFault" /> and <see cref="OutboxLedger" />, which are ours. Call
    /// it in <c>OnModelCreating</c>. In a database that has the first three tables only the last two are new.
    /// </summary>
    /// <param name="modelBuilder">The model.</param>
    /// <param name="schema">The schema of the tables. Default: the model's own.</param>
    public static ModelBuilder AddSidekiqOutbox(this ModelBuilder modelBuilder, string? schema = null)
    {
        ArgumentNullException.ThrowIfNull(modelBuilder);

        Table<InboxState>(modelBuilder, schema, Inbox);
        Table<OutboxState>(modelBuilder, schema, Outbox);
        Table<OutboxMessage>(modelBuilder, schema, Message);
        Table<OutboxFault>(modelBuilder, schema, Fault);
        Table<OutboxLedger>(modelBuilder, schema, Ledger);

        return modelBuilder;
    }

    static void Table<T>(ModelBuilder modelBuilder, string? schema, Action<EntityTypeBuilder<T>> map)
        where T : class
    {
        var entity = modelBuilder.Entity<T>();
        if (schema is not null)
        {
            // Without the name: a naming convention may decide that.
            entity.Metadata.SetSchema(schema);
        }

        // A model may require notifying entities, but ours are plain classes, and most are created by hand.
        entity.HasChangeTrackingStrategy(ChangeTrackingStrategy.Snapshot);
        foreach (var column in OutboxColumn.Of<T>())
        {
            column.Map(entity);
        }

        map(entity);
    }

    static void Inbox(EntityTypeBuilder<InboxState> inbox)
    {
        inbox.HasKey(row => row.Id);
        inbox.HasAlternateKey(row => new { row.MessageId, row.ConsumerId });
        inbox.Property(row => row.RowVersion).IsRowVersion();
        inbox.HasIndex(row => row.Delivered);
    }

    static void Outbox(EntityTypeBuilder<OutboxState> outbox)
    {
        outbox.HasKey(row => row.OutboxId);
        outbox.Property(row => row.OutboxId).ValueGeneratedNever();
        outbox.Property(row => row.RowVersion).IsRowVersion();
        outbox.HasIndex(row => row.Created);
    }

    static void Message(EntityTypeBuilder<OutboxMessage> message)
    {
        message.HasKey(row => row.SequenceNumber);
        message.HasIndex(row => row.ExpirationTime);
        message.HasIndex(row => row.EnqueueTime);

        message
            .HasIndex(row => new
            {
                row.InboxMessageId,
                row.InboxConsumerId,
                row.SequenceNumber,
            })
            .IsUnique();
        message
            .HasOne<InboxState>()
            .WithMany()
            .IsRequired(false)
            .HasForeignKey(row => new { row.InboxMessageId, row.InboxConsumerId })
            .HasPrincipalKey(row => new { row.MessageId, row.ConsumerId });

        message.HasIndex(row => new { row.OutboxId, row.SequenceNumber }).IsUnique();
        message.HasOne<OutboxState>().WithMany().IsRequired(false).HasForeignKey(row => row.OutboxId);
    }

    static void Fault(EntityTypeBuilder<OutboxFault> fault)
    {
        fault.HasKey(row => row.Id);
        fault.HasIndex(row => row.FaultedAt);
    }

    static void Ledger(EntityTypeBuilder<OutboxLedger> ledger)
    {
        ledger.HasKey(row => row.Jid);
        ledger.HasIndex(row => row.NextLook);
    }
}
