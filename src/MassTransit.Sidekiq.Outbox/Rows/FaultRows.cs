using System.Data.Common;

namespace MassTransit.Sidekiq;

// Writes messages that cannot be sent to OutboxFault, in one round trip where the database's driver can.
internal sealed class FaultRows(DbTransaction transaction, string statement)
{
    readonly List<(string Name, object? Value)[]> rows = [];

    public void Add(OutboxMessage message, UnreadableRow? unreadable, Exception fault, DateTime now)
    {
        var attempts = OutboxRow.Attempts(message) + 1;
        rows.Add([
            ("@id", message.MessageId),
            ("@type", Storable(message.MessageType)),
            ("@destination", Storable(message.DestinationAddress?.OriginalString)),
            ("@attempts", attempts),
            ("@at", now),
            ("@errorType", Storable(fault.GetType().FullName ?? fault.GetType().Name)),
            ("@error", Storable(fault.Message ?? "")),
            ("@message", unreadable?.Text ?? OutboxRow.WithAttempts(message, attempts)),
        ]);
    }

    public async Task Write(CancellationToken cancellationToken)
    {
        var connection = transaction.Connection!;
        if (!connection.CanCreateBatch)
        {
            foreach (var row in rows)
            {
                var command = connection.CreateCommand();
                await using var _ = command.ConfigureAwait(false);
                (command.Transaction, command.CommandText) = (transaction, statement);
                Fill(command.Parameters, command.CreateParameter, row);
                await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            }

            return;
        }

        var batch = connection.CreateBatch();
        await using var __ = batch.ConfigureAwait(false);
        batch.Transaction = transaction;
        var parameters = connection.CreateCommand();
        await using var ___ = parameters.ConfigureAwait(false);
        foreach (var row in rows)
        {
            var command = batch.CreateBatchCommand();
            command.CommandText = statement;
            Fill(command.Parameters, parameters.CreateParameter, row);
            batch.BatchCommands.Add(command);
        }

        await batch.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    static void Fill(
        DbParameterCollection parameters,
        Func<DbParameter> create,
        IEnumerable<(string Name, object? Value)> row
    )
    {
        foreach (var (name, value) in row)
        {
            var parameter = create();
            (parameter.ParameterName, parameter.Value) = (name, value ?? DBNull.Value);
            parameters.Add(parameter);
        }
    }

    // An error's message may quote a message's content, and no database can store a NUL or half a character.
    static string? Storable(string? text)
    {
        if (text is null)
        {
            return null;
        }

        var storable = text.Replace('\0', '\uFFFD').ToCharArray();
        for (var i = 0; i < storable.Length; i++)
        {
            var isPair =
                char.IsHighSurrogate(storable[i]) && i + 1 < storable.Length && char.IsLowSurrogate(storable[i + 1]);
            if (isPair)
            {
                i++;
            }
            else if (char.IsSurrogate(storable[i]))
            {
                storable[i] = '\uFFFD';
            }
        }

        return new string(storable);
    }
}
