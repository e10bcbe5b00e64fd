namespace MassTransit.Sidekiq;

// Locks row by row, and skips what others have locked: any number of hosts drain at once without waiting for each other.
// A burst meets the statistics of an empty table, with which the planner would read and sort the whole backlog for each
// batch, or takes the batch for so much work that it compiles it anew each time, which takes longer than to run it.
// So a batch may not scan tables sequentially, which leaves it the indexes, and is not compiled; the messages of a transaction are
// read one transaction after another (LATERAL), in the order of their index, until there are enough; and they are
// removed from the places where they were read.
internal sealed class PostgresDialect : OutboxDialect
{
    public override string Name => "postgres";

    protected override string IsInIds => "= ANY (@ids)";

    const string Careful = "SET LOCAL enable_seqscan = off; SET LOCAL jit = off";

    // A bitmap holds all matches of a condition before a LIMIT ends it.
    public override string IndexesOnly => $"{Careful}; SET LOCAL enable_bitmapscan = off";

    public override bool ClaimsBeside => true;

    public override bool TellsPlaces => true;

    public override string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    public override object Ids(IEnumerable<Guid> ids) => ids.ToArray();

    // The join of a row with a LATERAL query that has a LIMIT of its own is a nested loop, and so in the order of `c`. Its range
    // and its order name both columns of one index: with the second column alone, the planner may scan the whole primary key
    // for each transaction.
    public override string Claim(OutboxTables tables)
    {
        var (id, created) = (tables.Outbox[nameof(OutboxState.OutboxId)], tables.Outbox[nameof(OutboxState.Created)]);
        var (delivered, last) = (
            tables.Outbox[nameof(OutboxState.Delivered)],
            tables.Outbox[nameof(OutboxState.LastSequenceNumber)]
        );
        var key = MessageKey(tables, "m.");
        return $"{Careful}; WITH claimed AS MATERIALIZED (SELECT {ClaimColumns(tables)} FROM {tables.Outbox.Name}"
            + $" ORDER BY {created} LIMIT @transactions FOR UPDATE SKIP LOCKED)"
            + $" SELECT c.{id} AS claimed, m.*, (c.{delivered} IS NOT NULL OR c.{last} IS NOT NULL) AS begun"
            + $" FROM (SELECT * FROM claimed ORDER BY {created}, {id}) c"
            + $" LEFT JOIN LATERAL (SELECT {tables.MessageColumns}, CAST(m.ctid AS text) AS place FROM {tables.Message.Name} m"
            + $" WHERE c.{delivered} IS NULL"
            + $" AND ({key}) > (c.{id}, COALESCE(c.{last}, 0)) AND ({key}) <= (c.{id}, {long.MaxValue})"
            + $" ORDER BY {key} LIMIT @take) m ON true LIMIT @take";
    }

    // With the ids alone a planner that takes a transaction for a share of the table would read all of it. They make sure that a
    // place has no new owner, in a form that is no condition for an index. Only transactions that were begun to be sent may have messages that were not read.
    public override string DeleteMessages(OutboxTables tables) =>
        $"DELETE FROM {tables.Message.Name} WHERE ctid = ANY (CAST(@places AS tid[]))"
        + $" AND ({tables.Message[nameof(OutboxMessage.OutboxId)]} = ANY (@ids)) IS TRUE;"
        + $" DELETE FROM {tables.Message.Name} WHERE {tables.Message[nameof(OutboxMessage.OutboxId)]} = ANY (@begun)";

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
        return $"{Careful}; DELETE FROM {tables.Inbox.Name} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {tables.Inbox.Name}"
            + $" WHERE {IsForgettable(tables)} ORDER BY {delivered} LIMIT @take FOR UPDATE SKIP LOCKED))";
    }

    public override string Keep(OutboxTables tables) =>
        $"INSERT INTO {tables.Ledger.Name} ({LedgerColumns(tables)}) SELECT {LedgerValues} FROM"
        + " json_to_recordset(CAST(@rows AS json)) AS r(jid text, message uuid, queue text, job text, sent timestamptz,"
        + " due timestamptz, look timestamptz) ON CONFLICT DO NOTHING";

    static string MessageKey(OutboxTables tables, string of = "") =>
        $"{of}{tables.Message[nameof(OutboxMessage.OutboxId)]}, {of}{tables.Message[nameof(OutboxMessage.SequenceNumber)]}";
}
