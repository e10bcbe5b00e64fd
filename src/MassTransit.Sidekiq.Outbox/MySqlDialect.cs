namespace MassTransit.Sidekiq;

/// MySQL from 8.0 and MariaDB from 10.6, which know SKIP LOCKED and JSON_TABLE.
internal sealed class MySqlDialect : OutboxDialect
{
    public override string Name => "mysql";

    protected override string IsInIds =>
        "IN (SELECT id FROM JSON_TABLE(@ids, '$[*]' COLUMNS (id char(36) PATH '$')) AS ids)";

    public override string Quote(string name) => $"`{name.Replace("`", "``", StringComparison.Ordinal)}`";

    /// The index is named, since a short table would be sorted instead, and InnoDB locks whatever it has read: all of it.
    public override string Claim(OutboxTables tables) =>
        MessagesOf(
            tables,
            $"(SELECT {ClaimColumns(tables)} FROM {tables.Outbox.Name}"
                + $" FORCE INDEX FOR ORDER BY ({tables.Outbox.IndexOn(nameof(OutboxState.Created))})"
                + $" ORDER BY {tables.Outbox[nameof(OutboxState.Created)]} LIMIT @transactions FOR UPDATE SKIP LOCKED)"
        ) + " LIMIT @take";

    public override string Receive(OutboxTables tables) =>
        $"INSERT IGNORE INTO {tables.Inbox.Name} ({ReceiveColumns(tables)}) VALUES ({ReceiveValues})";

    public override string ForgetInbox(OutboxTables tables) =>
        $"DELETE FROM {tables.Inbox.Name} WHERE {IsForgettable(tables)}"
        + $" ORDER BY {tables.Inbox[nameof(InboxState.Delivered)]} LIMIT @take";

    public override string Keep(OutboxTables tables) =>
        $"INSERT IGNORE INTO {tables.Ledger.Name} ({LedgerColumns(tables)}) SELECT {LedgerValues} FROM"
        + " JSON_TABLE(@rows, '$[*]' COLUMNS (jid varchar(64) PATH '$.jid', message char(36) PATH '$.message',"
        + " queue longtext PATH '$.queue', job longtext PATH '$.job', sent datetime(6) PATH '$.sent',"
        + " due datetime(6) PATH '$.due', look datetime(6) PATH '$.look')) AS r";

    protected override string TimeFormat => "yyyy-MM-dd HH:mm:ss.ffffff";
}
