using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq;

/// <summary>
/// The transactions that one step drains: locked from Read to the end, so that no other host sends them meanwhile.
/// 1. End writes the planned outcome of the messages: removed, set aside, recorded in the ledger. If the database refuses
///   that, nothing has been sent.
/// 2. The caller sends them. A kill here, or before the commit, sends them again, with the same job ids.
/// 3. Correct rewrites it where the outcome differed, and Commit ends it.
/// </summary>
internal sealed class OutboxBatch(AsyncServiceScope scope, OutboxStatements statements, DbTransaction? transaction)
    : IAsyncDisposable
{
    const string BeforeEnd = "sidekiq_claimed";
    const string BeforeCopies = "sidekiq_sent";

    readonly List<OutboxMessage> messages = [];
    readonly Dictionary<int, UnreadableRow> unreadable = []; // By their index.
    readonly List<Guid> claimed = [];
    readonly HashSet<Guid> begun = [];
    readonly List<string> places = [];

    // In the order in which they are to be sent.
    public IReadOnlyList<OutboxMessage> Messages => messages;

    public IReadOnlyDictionary<int, UnreadableRow> Unreadable => unreadable;

    // There may be more.
    public bool IsFull { get; private set; }

    // There is more of the last transaction, too.
    public bool IsCut { get; private set; }

    // Another batch can be claimed while this one is sent: all that it has locked it sends. What it has to leave could not be
    // claimed meanwhile, and what came later would overtake it.
    public bool LetsClaimAhead { get; private set; }

    // What the next batch should take.
    public OutboxTake? Next { get; private set; }

    public bool IsEmpty => claimed.Count == 0;

    public async Task Read(OutboxTake take, CancellationToken cancellationToken)
    {
        var command = Command(statements.Claim);
        await using var _ = command.ConfigureAwait(false);
        OutboxDialect.Parameter(command, "@transactions", take.Transactions);
        // One more tells what is left.
        OutboxDialect.Parameter(command, "@take", take.Messages + 1);

        var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var __ = reader.ConfigureAwait(false);
        var (rows, rest) = (0, default(Guid?));
        var addresses = new Dictionary<string, Uri>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var outbox = reader.GetGuid(0);
            if (rows++ == take.Messages)
            {
                rest = outbox;
                break;
            }

            if (claimed.Count == 0 || claimed[^1] != outbox)
            {
                claimed.Add(outbox);
                if (statements.Dialect.TellsPlaces && reader.GetBoolean(OutboxTables.BegunColumn))
                {
                    begun.Add(outbox);
                }
            }

            // A transaction whose messages were all sent has none left, and only has to be removed.
            if (!await reader.IsDBNullAsync(1, cancellationToken).ConfigureAwait(false))
            {
                var (message, why) = OutboxRow.Read(reader, outbox, addresses);
                if (why is not null)
                {
                    unreadable[messages.Count] = why;
                }

                messages.Add(message);
                if (statements.Dialect.TellsPlaces)
                {
                    places.Add(reader.GetString(OutboxTables.PlaceColumn));
                }
            }
        }

        IsCut = rest is not null && rest == claimed[^1];
        IsFull = rest is not null || claimed.Count == take.Transactions;
        LetsClaimAhead = IsFull && rest is null && statements.Dialect.ClaimsBeside;
        Next = take.After(claimed.Count, isFilled: rest is not null);
    }

    // Removes what is sent, sets aside what cannot be, leaves the rest. All messages of a transaction after one that is left
    // are left too, though they may have been sent: they are sent again, in order.
    public async Task End(OutboxOutcome outcome, DateTime now, LedgerTerms? keep, CancellationToken cancellationToken)
    {
        var ended = new List<int>();
        var open = new HashSet<Guid>();
        var sentOf = new Dictionary<Guid, (long First, long Last, int Count)>();
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
                var (number, before) = (messages[i].SequenceNumber, sentOf.GetValueOrDefault(outbox));
                sentOf[outbox] = (before.Count == 0 ? number : before.First, number, before.Count + 1);
            }
        }

        if (IsCut)
        {
            open.Add(claimed[^1]);
        }

        await Delete([.. claimed.Where(outbox => !open.Contains(outbox))], cancellationToken).ConfigureAwait(false);
        foreach (var outbox in open.Where(sentOf.ContainsKey))
        {
            await DeleteSent(outbox, sentOf[outbox], cancellationToken).ConfigureAwait(false);
        }

        await SetAside(ended, outcome, now, cancellationToken).ConfigureAwait(false);
        var sent = ended.Where(message => outcome.Fault(message) is null).ToHashSet();
        var kept = outcome.Kept.Where(kept => sent.Contains(kept.Message)).ToArray();

        // Published messages are recorded once their copies are known; by then the ledger's table must be known to exist.
        if (keep is not null && (kept.Length > 0 || outcome.Publishes))
        {
            await Keep(kept, keep, now, cancellationToken).ConfigureAwait(false);
        }
    }

    // The actual outcome, after sending. Returns why copies of published messages could not be recorded in the
    // ledger, if they could not: they are sent, and must not be sent again for that.
    public async Task<Exception?> Correct(
        OutboxOutcome outcome,
        DateTime now,
        LedgerTerms? keep,
        CancellationToken cancellationToken
    )
    {
        await LeaveStagedElsewhere(outcome, cancellationToken).ConfigureAwait(false);
        if (!outcome.IsAsPlanned)
        {
            await Execute(statements.Dialect.Undo(BeforeEnd), cancellationToken).ConfigureAwait(false);
            await End(outcome, now, keep, cancellationToken).ConfigureAwait(false);
        }

        if (keep is null || outcome.Copies.Count == 0)
        {
            return null;
        }

        try
        {
            await Execute(statements.Dialect.Save(BeforeCopies), cancellationToken).ConfigureAwait(false);
            await Keep(outcome.Copies, keep, now, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (DbException refused)
        {
            await Execute(statements.Dialect.Undo(BeforeCopies), cancellationToken).ConfigureAwait(false);
            return refused;
        }
    }

    public Task Commit(CancellationToken cancellationToken) => transaction!.CommitAsync(cancellationToken);

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

    // The first write, and so the savepoint that is undone when the outcome differs.
    Task Delete(Guid[] ids, CancellationToken cancellationToken)
    {
        var save = statements.Dialect.Save(BeforeEnd);
        var ended = ids.ToHashSet();
        (string, object?)[] told = statements.Dialect.TellsPlaces
            ?
            [
                ("@places", places.Where((_, message) => ended.Contains(messages[message].OutboxId!.Value)).ToArray()),
                ("@begun", begun.Where(ended.Contains).ToArray()),
            ]
            : [];
        return ids.Length == 0
            ? Execute(save, cancellationToken)
            : Execute(
                $"{save}; {statements.Delete}",
                cancellationToken,
                [("@ids", statements.Dialect.Ids(ids)), .. told]
            );
    }

    Task DeleteSent(Guid outbox, (long First, long Last, int Count) messages, CancellationToken cancellationToken) =>
        Execute(
            statements.DeleteSent,
            cancellationToken,
            ("@outbox", outbox),
            ("@first", messages.First),
            ("@last", messages.Last),
            ("@count", messages.Count)
        );

    // A cancellation waits for the message that it cancels, if another host is just draining that. A message staged
    // later, under the same token, is not meant.
    async Task LeaveStagedElsewhere(OutboxOutcome outcome, CancellationToken cancellationToken)
    {
        foreach (var (message, token) in outcome.NotFound)
        {
            var command = Command(
                statements.FindScheduled,
                ("@property", $"%Sidekiq-Token%{token:D}%"),
                ("@header", $"%{MessageHeaders.SchedulingTokenId}%{token:D}%"),
                ("@before", messages[message].SequenceNumber)
            );
            await using var _ = command.ConfigureAwait(false);
            if (await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is not null)
            {
                outcome.Leave(message);
            }
        }
    }

    async Task SetAside(List<int> ended, OutboxOutcome outcome, DateTime now, CancellationToken cancellationToken)
    {
        var rows = new FaultRows(transaction!, statements.SetAside);
        var faulted = ended.Where(message => outcome.Fault(message) is not null).ToList();
        foreach (var message in faulted)
        {
            rows.Add(messages[message], unreadable.GetValueOrDefault(message), outcome.Fault(message)!, now);
        }

        if (faulted.Count > 0)
        {
            await rows.Write(cancellationToken).ConfigureAwait(false);
        }
    }

    Task Keep(
        IEnumerable<(int Message, KeptJob Job)> jobs,
        LedgerTerms terms,
        DateTime now,
        CancellationToken cancellationToken
    ) =>
        Execute(
            statements.Keep,
            cancellationToken,
            (
                "@rows",
                statements.Dialect.Rows(
                    jobs.OrderBy(kept => kept.Message)
                        .Select((kept, place) => terms.Row(kept.Job, now.AddMicroseconds(place)))
                )
            ),
            ("@epoch", terms.Epoch)
        );

    async Task Execute(
        string text,
        CancellationToken cancellationToken,
        params (string Name, object? Value)[] parameters
    )
    {
        var command = Command(text, parameters);
        await using var _ = command.ConfigureAwait(false);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    DbCommand Command(string text, params (string Name, object? Value)[] parameters)
    {
        var command = transaction!.Connection!.CreateCommand();
        (command.Transaction, command.CommandText) = (transaction, text);
        foreach (var (name, value) in parameters)
        {
            OutboxDialect.Parameter(command, name, value);
        }

        return command;
    }
}
