namespace MassTransit.Sidekiq;

/// Locks row by row, and skips what others have locked: any number of hosts drain at once without waiting for each other.
internal sealed class PostgresDialect : OutboxDialect
{
    public override string Name => "postgres";

    protected override string IsInIds => "= ANY (@ids)";

    public override string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    public override object Ids(IEnumerable<Guid> ids) => ids.ToArray();

    public override string Claim(OutboxTables tables) =>
        $"WITH claimed AS MATERIALIZED (SELECT {ClaimColumns(tables)} FROM {tables.Outbox.Name}"
        + $" ORDER BY {tables.Outbox[nameof(OutboxState.Created)]} LIMIT @transactions FOR UPDATE SKIP LOCKED) "
        + MessagesOf(tables, "claimed")
        + " LIMIT @take";

    public override string Receive(OutboxTables tables) =>
        $"INSERT INTO {tables.Inbox.Name} ({ReceiveColumns(tables)}) VALUES ({ReceiveValues}) ON CONFLICT DO NOTHING";

    public override string ForgetInbox(OutboxTables tables)
    {
        var (id, delivered) = (tables.Inbox[nameof(InboxState.Id)], tables.Inbox[nameof(InboxState.Delivered)]);
        return $"DELETE FROM {tables.Inbox.Name} WHERE {id} IN (SELECT {id} FROM {tables.Inbox.Name}"
            + $" WHERE {delivered} < @before ORDER BY {delivered} LIMIT @take FOR UPDATE SKIP LOCKED)";
    }

    public override string Keep(OutboxTables tables) =>
        $"INSERT INTO {tables.Ledger.Name} ({LedgerColumns(tables)}) SELECT {LedgerValues} FROM"
        + " json_to_recordset(CAST(@rows AS json)) AS r(jid text, message uuid, queue text, job text, sent timestamptz,"
        + " due timestamptz, look timestamptz) ON CONFLICT DO NOTHING";
}
