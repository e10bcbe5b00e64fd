using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace MassTransit.Sidekiq;

// The names that a model gives to the tables and columns of the outbox, quoted: a user's schema, naming convention or
// ToTable is respected. Made for each model, never shared between contexts.
internal sealed class OutboxTables
{
    // The columns of a staged message, in the order in which OutboxStore reads them.
    static readonly string[] messageColumns =
    [
        nameof(OutboxMessage.SequenceNumber),
        nameof(OutboxMessage.EnqueueTime),
        nameof(OutboxMessage.SentTime),
        nameof(OutboxMessage.Headers),
        nameof(OutboxMessage.Properties),
        nameof(OutboxMessage.MessageId),
        nameof(OutboxMessage.ContentType),
        nameof(OutboxMessage.MessageType),
        nameof(OutboxMessage.Body),
        nameof(OutboxMessage.ConversationId),
        nameof(OutboxMessage.CorrelationId),
        nameof(OutboxMessage.InitiatorId),
        nameof(OutboxMessage.RequestId),
        nameof(OutboxMessage.SourceAddress),
        nameof(OutboxMessage.DestinationAddress),
        nameof(OutboxMessage.ResponseAddress),
        nameof(OutboxMessage.FaultAddress),
        nameof(OutboxMessage.ExpirationTime),
    ];

    public OutboxTables(IModel model, Func<string, string> quote)
    {
        Inbox = new OutboxTable(model, typeof(InboxState), quote);
        Outbox = new OutboxTable(model, typeof(OutboxState), quote);
        Message = new OutboxTable(model, typeof(OutboxMessage), quote);
        Fault = new OutboxTable(model, typeof(OutboxFault), quote);
        Ledger = new OutboxTable(model, typeof(OutboxLedger), quote);
        MessageColumns = string.Join(", ", messageColumns.Select(column => $"m.{Message[column]}"));
    }

    // Behind the id of the transaction and the columns of the message, where a claim tells them.
    public static int PlaceColumn => 1 + messageColumns.Length;

    public static int BegunColumn => PlaceColumn + 1;

    public OutboxTable Inbox { get; }

    public OutboxTable Outbox { get; }

    public OutboxTable Message { get; }

    public OutboxTable Fault { get; }

    public OutboxTable Ledger { get; }

    public string MessageColumns { get; }

    public IReadOnlyList<(string Table, string Sql)> Probes() =>
        [.. new[] { Inbox, Outbox, Message, Fault, Ledger }.Select(table => (table.Name, table.Probe))];
}

internal sealed class OutboxTable
{
    readonly Dictionary<string, string> columns;
    readonly Func<string[], string> indexOn;

    public OutboxTable(IModel model, Type entity, Func<string, string> quote)
    {
        var mapped =
            model.FindEntityType(entity)
            ?? throw new ConfigurationException(
                $"{entity.Name} is not in the model of the DbContext. Call modelBuilder.AddSidekiqOutbox() in OnModelCreating, and add a migration: dotnet ef migrations add Outbox."
            );
        foreach (var column in OutboxColumn.Of(entity))
        {
            column.Check(mapped, model);
        }

        var table = StoreObjectIdentifier.Create(mapped, StoreObjectType.Table)!.Value;

        indexOn = properties =>
            quote(
                mapped
                    .FindIndex([.. properties.Select(property => mapped.FindProperty(property)!)])!
                    .GetDatabaseName(table)!
            );
        Name = table.Schema is { } schema ? $"{quote(schema)}.{quote(table.Name)}" : quote(table.Name);
        columns = mapped
            .GetProperties()
            .ToDictionary(
                property => property.Name,
                property => quote(property.GetColumnName(table)!),
                StringComparer.Ordinal
            );
    }

    public string Name { get; }

    public string Probe => $"SELECT {string.Join(", ", columns.Values)} FROM {Name} WHERE 1 = 0";

    // The name of the index on these columns.
    public string IndexOn(params string[] properties) => indexOn(properties);

    public string this[string property] => columns[property];
}
