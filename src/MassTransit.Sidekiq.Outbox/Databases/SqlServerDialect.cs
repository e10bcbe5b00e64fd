namespace MassTransit.Sidekiq;

// READPAST is SQL Server's SKIP LOCKED; the key range is locked where a row must not appear twice.
internal sealed class SqlServerDialect : OutboxDialect
{
    public override string Name => "sqlserver";

    protected override string IsInIds => "IN (SELECT CAST(value AS uniqueidentifier) FROM OPENJSON(@ids))";

    public override string Quote(string name) => $"[{name.Replace("]", "]]", StringComparison.Ordinal)}]";

    public override string Save(string point) => $"SAVE TRANSACTION {point}";

    public override string Undo(string point) => $"ROLLBACK TRANSACTION {point}";

    public override string Claim(OutboxTables tables) =>
        $"WITH claimed AS (SELECT TOP (@transactions) {ClaimColumns(tables)} FROM {tables.Outbox.Name}"
        + $" WITH (UPDLOCK, ROWLOCK, READPAST) ORDER BY {tables.Outbox[nameof(OutboxState.Created)]}) "
        + MessagesOf(tables, "claimed")
        + " OFFSET 0 ROWS FETCH NEXT @take ROWS ONLY";

    public override string Receive(OutboxTables tables) =>
        $"INSERT INTO {tables.Inbox.Name} ({ReceiveColumns(tables)}) SELECT {ReceiveValues}"
        + $" WHERE NOT EXISTS (SELECT 1 FROM {tables.Inbox.Name} WITH (UPDLOCK, HOLDLOCK)"
        + $" WHERE {tables.Inbox[nameof(InboxState.MessageId)]} = @message AND {tables.Inbox[nameof(InboxState.ConsumerId)]} = @consumer)";

    public override string ForgetInbox(OutboxTables tables) =>
        $"DELETE TOP (@take) FROM {tables.Inbox.Name} WITH (ROWLOCK, READPAST)" + $" WHERE {IsForgettable(tables)}";

    public override string Keep(OutboxTables tables) =>
        $"INSERT INTO {tables.Ledger.Name} ({LedgerColumns(tables)}) SELECT {LedgerValues} FROM OPENJSON(@rows) WITH"
        + " (jid nvarchar(64), message uniqueidentifier, queue nvarchar(max), job nvarchar(max), sent datetime2,"
        + $" due datetime2, look datetime2) r WHERE NOT EXISTS (SELECT 1 FROM {tables.Ledger.Name} WITH (UPDLOCK, HOLDLOCK)"
        + $" WHERE {tables.Ledger[nameof(OutboxLedger.Jid)]} = r.jid)";
}
