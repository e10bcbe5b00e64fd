using System.Text.Json;

namespace MassTransit.Sidekiq;

// One writer at a time: a transaction blocks all other writers until it ends, so nothing has to be skipped.
internal sealed class SqliteDialect : OutboxDialect
{
    public override string Name => "sqlite";

    public override bool LocksEverything => true;

    protected override string IsInIds => "IN (SELECT value FROM json_each(@ids))";

    public override string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    // As strings in upper case, as Microsoft.Data.Sqlite stores a Guid.
    public override object Ids(IEnumerable<Guid> ids) =>
        JsonSerializer.Serialize(ids.Select(id => id.ToString("D").ToUpperInvariant()));

    public override string Claim(OutboxTables tables) =>
        $"WITH claimed AS (SELECT {ClaimColumns(tables)} FROM {tables.Outbox.Name}"
        + $" ORDER BY {tables.Outbox[nameof(OutboxState.Created)]} LIMIT @transactions) "
        + MessagesOf(tables, "claimed")
        + " LIMIT @take";

    public override string Receive(OutboxTables tables) =>
        $"INSERT OR IGNORE INTO {tables.Inbox.Name} ({ReceiveColumns(tables)}) VALUES ({ReceiveValues})";

    public override string ForgetInbox(OutboxTables tables)
    {
        var (id, delivered) = (tables.Inbox[nameof(InboxState.Id)], tables.Inbox[nameof(InboxState.Delivered)]);
        return $"DELETE FROM {tables.Inbox.Name} WHERE {id} IN (SELECT {id} FROM {tables.Inbox.Name}"
            + $" WHERE {IsForgettable(tables)} ORDER BY {delivered} LIMIT @take)";
    }

    public override string Keep(OutboxTables tables) =>
        $"INSERT OR IGNORE INTO {tables.Ledger.Name} ({LedgerColumns(tables)}) SELECT {LedgerValues} FROM"
        + " (SELECT value ->> 'jid' AS jid, value ->> 'message' AS message, value ->> 'queue' AS queue, value ->> 'job' AS job,"
        + " value ->> 'sent' AS sent, value ->> 'due' AS due, value ->> 'look' AS look FROM json_each(@rows)) r";

    protected override string TimeFormat => "yyyy-MM-dd HH:mm:ss.FFFFFFF";

    protected override string Id(Guid id) => id.ToString("D").ToUpperInvariant();
}
