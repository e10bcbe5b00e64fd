using System.Data.Common;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq;

/// The transactions that one step drains: locked from Read to the end, so that nobody else sends them meanwhile.
internal sealed class OutboxBatch(AsyncServiceScope scope, OutboxStatements statements, DbTransaction? transaction)
    : IAsyncDisposable
{
    readonly List<OutboxMessage> messages = [];
    readonly List<Guid> claimed = [];

    /// In the order in which they are to be sent.
    public IReadOnlyList<OutboxMessage> Messages => messages;

    /// There may be more.
    public bool IsFull { get; private set; }

    /// There may be more of the last transaction, too.
    public bool IsCut { get; private set; }

    /// What the next batch should take.
    public OutboxTake? Next { get; private set; }

    public bool IsEmpty => claimed.Count == 0;

    public async Task Read(OutboxTake take, CancellationToken cancellationToken)
    {
        var command = Command(statements.Claim);
        await using var _ = command.ConfigureAwait(false);
        OutboxDialect.Parameter(command, "@transactions", take.Transactions);
        OutboxDialect.Parameter(command, "@take", take.Messages);

        var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var __ = reader.ConfigureAwait(false);
        var rows = 0;
        var addresses = new Dictionary<string, Uri>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            rows++;
            var outbox = reader.GetGuid(0);
            if (claimed.Count == 0 || claimed[^1] != outbox)
            {
                claimed.Add(outbox);
            }

            // A transaction whose messages were all sent has none left, and is only to be removed.
            if (!await reader.IsDBNullAsync(1, cancellationToken).ConfigureAwait(false))
            {
                messages.Add(OutboxRow.Read(reader, outbox, addresses));
            }
        }

        IsCut = rows == take.Messages;
        IsFull = IsCut || claimed.Count == take.Transactions;
        Next = take.After(claimed.Count, IsCut);
    }

    /// Removes what was sent, sets aside what cannot be, leaves the rest. All of a transaction that comes after a message
    /// which is left is left too, though it may have been sent: it is sent again, in order.
    public async Task Finish(
        OutboxOutcome outcome,
        DateTime now,
        LedgerTerms? keep,
        CancellationToken cancellationToken
    )
    {
        await LeaveStagedElsewhere(outcome, cancellationToken).ConfigureAwait(false);

        var ended = new List<int>();
        var open = new HashSet<Guid>();
        var last = new Dictionary<Guid, long>();
        for (var i = 0; i < messages.Count; i++)
        {
            var outbox = messages[i].OutboxId!.Value;
            if (outcome.IsLeft(i))
            {
                open.Add(outbox);
            }
            else if (!open.Contains(outbox))
            {
                ended.Add(i);
                last[outbox] = messages[i].SequenceNumber;
            }
        }

        if (IsCut)
        {
            open.Add(claimed[^1]);
        }

        await SetAside(ended, outcome, now, cancellationToken).ConfigureAwait(false);
        await Keep(ended, outcome, keep, now, cancellationToken).ConfigureAwait(false);
        await Delete([.. claimed.Where(outbox => !open.Contains(outbox))], cancellationToken).ConfigureAwait(false);
        foreach (var outbox in open.Where(last.ContainsKey))
        {
            await DeleteSent(outbox, last[outbox], cancellationToken).ConfigureAwait(false);
        }

        await transaction!.CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (transaction is not null)
            {
                await transaction.DisposeAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            await scope.DisposeAsync().ConfigureAwait(false);
        }
    }

    async Task Delete(Guid[] ids, CancellationToken cancellationToken)
    {
        if (ids.Length == 0)
        {
            return;
        }

        var command = Command(statements.Delete);
        await using var _ = command.ConfigureAwait(false);
        OutboxDialect.Parameter(command, "@ids", statements.Dialect.Ids(ids));
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    async Task DeleteSent(Guid outbox, long sequenceNumber, CancellationToken cancellationToken)
    {
        var command = Command(statements.DeleteSent);
        await using var _ = command.ConfigureAwait(false);
        OutboxDialect.Parameter(command, "@outbox", outbox);
        OutboxDialect.Parameter(command, "@last", sequenceNumber);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// A cancellation waits for the message that it takes back.
    async Task LeaveStagedElsewhere(OutboxOutcome outcome, CancellationToken cancellationToken)
    {
        foreach (var (message, token) in outcome.NotFound)
        {
            if (await IsStaged(token, cancellationToken).ConfigureAwait(false))
            {
                outcome.Leave(message);
            }
        }
    }

    async Task SetAside(List<int> ended, OutboxOutcome outcome, DateTime now, CancellationToken cancellationToken)
    {
        foreach (var message in ended)
        {
            if (outcome.Fault(message) is { } fault)
            {
                await SetAside(messages[message], fault, now, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    async Task Keep(
        List<int> ended,
        OutboxOutcome outcome,
        LedgerTerms? terms,
        DateTime now,
        CancellationToken cancellationToken
    )
    {
        if (terms is null)
        {
            return;
        }

        var sent = ended.Where(message => outcome.Fault(message) is null).ToHashSet();
        var rows = outcome.Kept.Where(kept => sent.Contains(kept.Message)).ToArray();
        if (rows.Length == 0)
        {
            return;
        }

        var command = Command(statements.Keep);
        await using var _ = command.ConfigureAwait(false);
        OutboxDialect.Parameter(
            command,
            "@rows",
            statements.Dialect.Rows(
                rows.OrderBy(kept => kept.Message)
                    .Select((kept, place) => terms.Row(kept.Job, now.AddMicroseconds(place)))
            )
        );
        OutboxDialect.Parameter(command, "@epoch", terms.Epoch);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// Whether the message that a token cancels is still in the outbox, where another host drains it or just has.
    async Task<bool> IsStaged(Guid token, CancellationToken cancellationToken)
    {
        var command = Command(statements.FindScheduled);
        await using var _ = command.ConfigureAwait(false);
        OutboxDialect.Parameter(command, "@pattern", $"%Sidekiq-Token%{token:D}%");

        return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is not null;
    }

    async Task SetAside(OutboxMessage message, Exception fault, DateTime now, CancellationToken cancellationToken)
    {
        var attempts = OutboxRow.Attempts(message) + 1;
        var command = Command(statements.SetAside);
        await using var _ = command.ConfigureAwait(false);
        OutboxDialect.Parameter(command, "@id", message.MessageId);
        OutboxDialect.Parameter(command, "@type", message.MessageType);
        OutboxDialect.Parameter(command, "@destination", message.DestinationAddress?.ToString());
        OutboxDialect.Parameter(command, "@attempts", attempts);
        OutboxDialect.Parameter(command, "@at", now);
        OutboxDialect.Parameter(command, "@errorType", fault.GetType().FullName);
        OutboxDialect.Parameter(command, "@error", fault.Message);
        OutboxDialect.Parameter(
            command,
            "@message",
            JsonSerializer.Serialize(OutboxRow.WithAttempts(message, attempts))
        );
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    DbCommand Command(string text)
    {
        var command = transaction!.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = text;

        return command;
    }
}

/// How much one batch takes. Transactions beyond the last message that is read would be locked for nothing, so their number
/// follows what the batches before held.
internal sealed record OutboxTake(int Transactions, int Messages)
{
    public static OutboxTake First(int messages) => new(messages, messages);

    public OutboxTake After(int claimed, bool isCut) =>
        this with
        {
            Transactions = isCut ? Math.Min(Messages, claimed + (claimed / 4) + 1) : Messages,
        };
}
