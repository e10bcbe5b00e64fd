using System.Data.Common;
using System.Globalization;
using MassTransit.Middleware;
using MassTransit.Serialization;

namespace MassTransit.Sidekiq;

/// A staged message as the claim statement answers it, in the order of OutboxTables.MessageColumns.
internal static class OutboxRow
{
    const string AttemptsProperty = "Sidekiq-Attempts";

    public static OutboxMessage Read(DbDataReader reader, Guid outbox, Dictionary<string, Uri> addresses)
    {
        var column = 1;
        return new OutboxMessage
        {
            OutboxId = outbox,
            SequenceNumber = reader.GetInt64(column++),
            EnqueueTime = Time(reader, column++),
            SentTime = reader.GetDateTime(column++),
            Headers = Text(reader, column++),
            Properties = Text(reader, column++),
            MessageId = reader.GetGuid(column++),
            ContentType = Text(reader, column++) ?? "",
            MessageType = Text(reader, column++) ?? "",
            Body = Text(reader, column++) ?? "",
            ConversationId = Id(reader, column++),
            CorrelationId = Id(reader, column++),
            InitiatorId = Id(reader, column++),
            RequestId = Id(reader, column++),
            SourceAddress = Address(reader, column++, addresses),
            DestinationAddress = Address(reader, column++, addresses),
            ResponseAddress = Address(reader, column++, addresses),
            FaultAddress = Address(reader, column++, addresses),
            ExpirationTime = Time(reader, column),
        };
    }

    /// How often it was tried before it was released.
    public static int Attempts(OutboxMessage row) =>
        ((OutboxMessageContext)row).Properties.TryGetValue(AttemptsProperty, out var attempts)
            ? Convert.ToInt32(attempts.ToString(), CultureInfo.InvariantCulture)
            : 0;

    /// The row to keep: released, it goes on counting.
    public static OutboxMessage WithAttempts(OutboxMessage row, int attempts)
    {
        var properties = new Dictionary<string, object>(
            ((OutboxMessageContext)row).Properties,
            StringComparer.OrdinalIgnoreCase
        )
        {
            [AttemptsProperty] = attempts,
        };
        row.Properties = SystemTextJsonMessageSerializer.Instance.SerializeDictionary(properties);

        return row;
    }

    static string? Text(DbDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    static Guid? Id(DbDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetGuid(column);

    static DateTime? Time(DbDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.GetDateTime(column);

    /// The messages of a batch have few different ones, and a Uri costs more than the rest of a row.
    static Uri? Address(DbDataReader reader, int column, Dictionary<string, Uri> addresses)
    {
        if (Text(reader, column) is not { } text)
        {
            return null;
        }

        if (!addresses.TryGetValue(text, out var address))
        {
            addresses[text] = address = new Uri(text, UriKind.RelativeOrAbsolute);
        }

        return address;
    }
}
