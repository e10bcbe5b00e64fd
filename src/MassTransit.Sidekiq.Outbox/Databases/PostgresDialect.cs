namespace MassTransit.Sidekiq;

// Locks row by row, and skips what others have locked: any number of hosts drain at once without waiting for each other.
// A burst meets the statistics of an empty table, with which the planner would read and sort the whole backlog for each
// batch. So a batch may not scan tables sequentially, which leaves it the indexes; and the messages of a transaction are
// read one transaction after another (LATERAL), in the order of their index, until there are enough.
internal sealed class PostgresDialect : OutboxDialect
{
    public override string Name => "postgres";

    protected override string IsInIds => "= ANY (@ids)";

    const string NoScan = "SET LOCAL enable_seqscan = off";

    // A bitmap holds all matches of a condition before a LIMIT ends it.
    public override string IndexesOnly => $"{NoScan}; SET LOCAL enable_bitmapscan = off";

    public override string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    public override object Ids(IEnumerable<Guid> ids) => ids.ToArray();

    // The join of a row with a LATERAL query that has a LIMIT of its own is a nested loop, and so in the order of `c`. Its range
    // and its order name both columns of one index: with the second column alone, the planner may scan the whole primary key
    // for each transaction.
    public override string Claim(OutboxTables tables)
    {
        var (id, created) = (tables.Outbox[nameof(OutboxState.OutboxId)], tables.Outbox[nameof(OutboxState.Created)]);
        var (key, last) = (MessageKey(tables, "m."), tables.Outbox[nameof(OutboxState.LastSequenceNumber)]);
        return $"{NoScan}; WITH claimed AS MATERIALIZED (SELECT {ClaimColumns(tables)} FROM {tables.Outbox.Name}"
            + $" ORDER BY {created} LIMIT @transactions FOR UPDATE SKIP LOCKED)"
            + $" SELECT c.{id} AS claimed, m.* FROM (SELECT * FROM claimed ORDER BY {created}, {id}) c"
            + $" LEFT JOIN LATERAL (SELECT {tables.MessageColumns} FROM {tables.Message.Name} m"
            + $" WHERE c.{tables.Outbox[nameof(OutboxState.Delivered)]} IS NULL"
            + $" AND ({key}) > (c.{id}, COALESCE(c.{last}, 0)) AND ({key}) <= (c.{id}, {long.MaxValue})"
            + $" ORDER BY {key} LIMIT @take) m ON true LIMIT @take";
    }

    // By ctid, found in the one index that begins where they do: the end of a range in two columns does not
    // end the scan.
    public override string DeleteSent(OutboxTables tables) =>
        $"DELETE FROM {tables.Message.Name} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {tables.Message.Name}"
        + $" WHERE ({MessageKey(tables)}) >= (@outbox, @first) ORDER BY {MessageKey(tables)} LIMIT @count)); {MarkSent(tables)}";

    public override string Receive(OutboxTables tables) =>
        $"INSERT INTO {tables.Inbox.Name} ({ReceiveColumns(tables)}) VALUES ({ReceiveValues}) ON CONFLICT DO NOTHING";

    public override string ForgetInbox(OutboxTables tables)
    {
        var delivered = tables.Inbox[nameof(InboxState.Delivered)];
        return $"{NoScan}; DELETE FROM {tables.Inbox.Name} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {tables.Inbox.Name}"
            + $" WHERE {IsForgettable(tables)} ORDER BY {delivered} LIMIT @take FOR UPDATE SKIP LOCKED))";
    }

    public override string Keep(OutboxTables tables) =>
        $"INSERT INTO {tables.Ledger.Name} ({LedgerColumns(tables)}) SELECT {LedgerValues} FROM"
        + " json_to_recordset(CAST(@rows AS json)) AS r(jid text, message uuid, queue text, job text, sent timestamptz,"
        + " due timestamptz, look timestamptz) ON CONFLICT DO NOTHING";

    static string MessageKey(OutboxTables tables, string of = "") =>
        $"{of}{tables.Message[nameof(OutboxMessage.OutboxId)]}, {of}{tables.Message[nameof(OutboxMessage.SequenceNumber)]}";
}
