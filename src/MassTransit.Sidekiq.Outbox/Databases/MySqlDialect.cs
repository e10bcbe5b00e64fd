namespace MassTransit.Sidekiq;

// MySQL from 8.0 and MariaDB from 10.6, which support SKIP LOCKED and JSON_TABLE.
internal sealed class MySqlDialect : OutboxDialect
{
    public override string Name => "mysql";

    const string IdsTable = "JSON_TABLE(@ids, '$[*]' COLUMNS (id char(36) PATH '$')) AS ids";

    protected override string IsInIds => $"IN (SELECT id FROM {IdsTable})";

    public override string Quote(string name) => $"`{name.Replace("`", "``", StringComparison.Ordinal)}`";

    // The index is named, since a short table would be sorted instead, and InnoDB locks every row it reads: all of them.
    public override string Claim(OutboxTables tables) =>
        MessagesOf(
            tables,
            $"(SELECT {ClaimColumns(tables)} FROM {tables.Outbox.Name}"
                + $" FORCE INDEX FOR ORDER BY ({tables.Outbox.IndexOn(nameof(OutboxState.Created))})"
                + $" ORDER BY {tables.Outbox[nameof(OutboxState.Created)]} LIMIT @transactions FOR UPDATE SKIP LOCKED)"
        ) + " LIMIT @take";

    // The ids first and then the index: MariaDB turns `IN (SELECT …)` into a scan, which waits for the rows of other
    // hosts, as they wait for ours. In ASCII the ids compare with a column of any collation.
    public override string DeleteMessages(OutboxTables tables) =>
        Delete(
            tables.Message,
            nameof(OutboxMessage.OutboxId),
            tables.Message.IndexOn(nameof(OutboxMessage.OutboxId), nameof(OutboxMessage.SequenceNumber))
        );

    public override string DeleteTransactions(OutboxTables tables) =>
        Delete(tables.Outbox, nameof(OutboxState.OutboxId), "PRIMARY");

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

    static string Delete(OutboxTable table, string property, string index) =>
        $"DELETE m FROM {IdsTable} STRAIGHT_JOIN {table.Name} m FORCE INDEX ({index})"
        + $" ON m.{table[property]} = CONVERT(ids.id USING ascii)";

    protected override string TimeFormat => "yyyy-MM-dd HH:mm:ss.ffffff";
}
