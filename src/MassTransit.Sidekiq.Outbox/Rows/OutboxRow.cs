using System.Data.Common;
using System.Globalization;
using System.Text;
using System.Text.Json;
using MassTransit.Middleware;

namespace MassTransit.Sidekiq;

// Why a row could not be read, and its content, for repair.
internal sealed record UnreadableRow(Exception Fault, string Text);

// A staged message as the claim statement returns it, in the order of OutboxTables.MessageColumns.
internal static class OutboxRow
{
    const string AttemptsProperty = "Sidekiq-Attempts";

    // Reading never throws because of a row's content: an unreadable row is returned as far as it can be read, with the reason.
    public static (OutboxMessage Row, UnreadableRow? Unreadable) Read(
        DbDataReader reader,
        Guid outbox,
        Dictionary<string, Uri> addresses
    )
    {
        try
        {
            return (Whole(reader, outbox, addresses), null);
        }
        catch (Exception fault) when (!IsOfTheConnection(fault))
        {
            var row = new OutboxMessage
            {
                OutboxId = outbox,
                SequenceNumber = reader.GetInt64(1),
                MessageId = Guid.TryParse(Raw(reader, 6), out var id) ? id : Guid.Empty,
                MessageType = Raw(reader, 8) ?? "",
            };

            return (row, new UnreadableRow(fault, RawText(reader)));
        }
    }

    // How often it was tried before it was released.
    public static int Attempts(OutboxMessage row) =>
        Properties(row) is { } properties
        && properties.TryGetValue(AttemptsProperty, out var attempts)
        && int.TryParse(attempts.ToString(), CultureInfo.InvariantCulture, out var count)
            ? count
            : 0;

    // The row to keep, as JSON: once released, it continues to count.
    public static string WithAttempts(OutboxMessage row, int attempts)
    {
        if (Properties(row) is not null)
        {
            var counted = JobJson.Edit(
                Encoding.UTF8.GetBytes(row.Properties?.TrimStart() is ['{', ..] written ? written : "{}"),
                new JobEdit().Set(AttemptsProperty, (long)attempts)
            );
            row.Properties = Encoding.UTF8.GetString(counted.Span);
        }

        return JsonSerializer.Serialize(row);
    }

    // Null for properties that are not JSON, which is why the row is set aside.
    static IReadOnlyDictionary<string, object>? Properties(OutboxMessageContext row)
    {
        try
        {
            return row.Properties;
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            return null;
        }
    }

    static OutboxMessage Whole(DbDataReader reader, Guid outbox, Dictionary<string, Uri> addresses)
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
            DestinationAddress = Here(Address(reader, column++, addresses)),
            ResponseAddress = Address(reader, column++, addresses),
            FaultAddress = Address(reader, column++, addresses),
            ExpirationTime = Time(reader, column),
        };
    }

    // MassTransit's own outbox stages for the transport that its host has, perhaps still RabbitMQ. What it published to an exchange
    // there, or sent to one, goes to the topic or else the queue of that name. A response queue of that host is not here.
    static Uri? Here(Uri? address) =>
        address is { IsAbsoluteUri: true, Scheme: "rabbitmq" or "rabbitmqs" }
        && !address.Query.Contains("temporary=true", StringComparison.Ordinal)
            ? new Uri($"exchange:{address.Segments[^1]}")
            : address;

    // The connection failed, so there is no row.
    static bool IsOfTheConnection(Exception fault) =>
        fault is DbException or IOException or OperationCanceledException or OutOfMemoryException;

    static string RawText(DbDataReader reader)
    {
        var columns = new Dictionary<string, string?>(StringComparer.Ordinal);
        for (var column = 1; column < reader.FieldCount; column++)
        {
            columns[reader.GetName(column)] = Raw(reader, column);
        }

        return JsonSerializer.Serialize(columns);
    }

    static string? Raw(DbDataReader reader, int column)
    {
        try
        {
            return reader.IsDBNull(column)
                ? null
                : Convert.ToString(reader.GetValue(column), CultureInfo.InvariantCulture);
        }
        catch (Exception fault) when (!IsOfTheConnection(fault))
        {
            return $"({fault.Message})";
        }
    }

    static string? Text(DbDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    static Guid? Id(DbDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetGuid(column);

    static DateTime? Time(DbDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.GetDateTime(column);

    // The messages of a batch share few addresses, and a Uri costs more than the rest of a row.
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
