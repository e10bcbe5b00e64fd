using System.Data.Common;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace MassTransit.Sidekiq;

// The SQL that differs between databases. Every frequent query is one statement here; rare ones are LINQ.
internal abstract class OutboxDialect
{
    public static readonly OutboxDialect Postgres = new PostgresDialect();
    public static readonly OutboxDialect Sqlite = new SqliteDialect();
    public static readonly OutboxDialect SqlServer = new SqlServerDialect();
    public static readonly OutboxDialect MySql = new MySqlDialect();

    // Jobs are full of quotes already.
    static readonly JsonSerializerOptions relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // The file in Sql/ that creates the tables.
    public abstract string Name { get; }

    // Whether taking a lock blocks all other writers, so that one should first check whether there is work.
    public virtual bool LocksEverything => false;

    // Whether a claim neither waits for a host that removes what it has claimed, nor makes it wait.
    public virtual bool ClaimsBeside => false;

    // Whether a claim tells, behind the columns of OutboxTables, where each message is and whether its transaction was begun to
    // be sent, for DeleteMessages to find them by.
    public virtual bool TellsPlaces => false;

    // Makes a transaction's plans independent of statistics, where they would depend on them. Run it in the transaction.
    public virtual string? IndexesOnly => null;

    public abstract string Quote(string name);

    // A savepoint that Undo rolls back to.
    public virtual string Save(string point) => $"SAVEPOINT {point}";

    public virtual string Undo(string point) => $"ROLLBACK TO SAVEPOINT {point}";

    // Takes the oldest transactions that no other host drains, and returns their messages in order: OutboxId, then the
    // columns of OutboxTables. A transaction without messages returns one row of nulls. Parameters: @transactions, how
    // many are locked at most, and @take, how many rows are returned.
    public abstract string Claim(OutboxTables tables);

    // Ignores duplicates of an inbox row: one affected row means that the message is new. Waits for
    // another transaction that is inserting the same row. Parameters: @message, @consumer, @received, @until.
    public abstract string Receive(OutboxTables tables);

    // Removes up to @take inbox rows that are no longer needed. Parameters: those of IsForgettable, and @take.
    public abstract string ForgetInbox(OutboxTables tables);

    // Adds jobs to the ledger; a job that is there already is left unchanged. Parameters: @rows, @epoch.
    public abstract string Keep(OutboxTables tables);

    // Removes all messages of the transactions. Parameters: @ids; and, if the claim tells them, the @places of the messages
    // and the ids of those that were @begun.
    public virtual string DeleteMessages(OutboxTables tables) =>
        $"DELETE FROM {tables.Message.Name} WHERE {tables.Message[nameof(OutboxMessage.OutboxId)]} {IsInIds}";

    public virtual string DeleteTransactions(OutboxTables tables) =>
        $"DELETE FROM {tables.Outbox.Name} WHERE {tables.Outbox[nameof(OutboxState.OutboxId)]} {IsInIds}";

    // Removes the first messages of a transaction. Parameters: @outbox, and, depending on the database, the @first
    // and the @last of them and their @count.
    public virtual string DeleteSent(OutboxTables tables) =>
        $"DELETE FROM {tables.Message.Name} WHERE {tables.Message[nameof(OutboxMessage.OutboxId)]} = @outbox"
        + $" AND {tables.Message[nameof(OutboxMessage.SequenceNumber)]} <= @last; {MarkSent(tables)}";

    // Writing the transaction's row is essential: a host whose statement began before we commit still sees the messages
    // in its snapshot, but locks the row as we left it, and skips what is sent.
    protected static string MarkSent(OutboxTables tables) =>
        $"UPDATE {tables.Outbox.Name} SET {tables.Outbox[nameof(OutboxState.LastSequenceNumber)]} = @last"
        + $" WHERE {tables.Outbox[nameof(OutboxState.OutboxId)]} = @outbox";

    public static string HasWork(OutboxTables tables) => $"SELECT 1 WHERE EXISTS (SELECT 1 FROM {tables.Outbox.Name})";

    // A scheduled message that was staged before its cancellation. Messages with a later due time are few, and the
    // index on EnqueueTime finds them; the sum keeps the primary key out of it. Parameters: @property, @header, @before.
    public static string FindScheduled(OutboxTables tables) =>
        $"SELECT 1 FROM {tables.Message.Name} WHERE {tables.Message[nameof(OutboxMessage.EnqueueTime)]} IS NOT NULL"
        + $" AND {tables.Message[nameof(OutboxMessage.SequenceNumber)]} + 0 < @before"
        + $" AND ({tables.Message[nameof(OutboxMessage.Properties)]} LIKE @property"
        + $" OR {tables.Message[nameof(OutboxMessage.Headers)]} LIKE @header)";

    // Parameters: @id, @type, @destination, @attempts, @at, @errorType, @error, @message.
    public static string SetAside(OutboxTables tables)
    {
        var fault = tables.Fault;
        return $"INSERT INTO {fault.Name} ({fault[nameof(OutboxFault.MessageId)]}, {fault[nameof(OutboxFault.MessageType)]},"
            + $" {fault[nameof(OutboxFault.DestinationAddress)]}, {fault[nameof(OutboxFault.Attempts)]},"
            + $" {fault[nameof(OutboxFault.FaultedAt)]}, {fault[nameof(OutboxFault.ErrorType)]},"
            + $" {fault[nameof(OutboxFault.Error)]}, {fault[nameof(OutboxFault.Message)]})"
            + " VALUES (@id, @type, @destination, @attempts, @at, @errorType, @error, @message)";
    }

    // Fills @ids.
    public virtual object Ids(IEnumerable<Guid> ids) => JsonSerializer.Serialize(ids);

    // Fills @rows: a JSON array, which every database can expand.
    public string Rows(IEnumerable<OutboxLedger> rows) =>
        JsonSerializer.Serialize(
            rows.Select(row => new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["jid"] = row.Jid,
                ["message"] = Id(row.MessageId),
                ["queue"] = row.Queue,
                ["job"] = row.Job,
                ["sent"] = Time(row.SentAt),
                ["due"] = Time(row.Due),
                ["look"] = Time(row.NextLook),
            }),
            relaxed
        );

    // As the database stores them, or parses them from strings.
    protected virtual string Id(Guid id) => id.ToString("D");

    protected virtual string TimeFormat => "yyyy-MM-ddTHH:mm:ss.ffffffZ";

    string? Time(DateTime? time) => time?.ToString(TimeFormat, CultureInfo.InvariantCulture);

    // Follows a column to test whether it is one of @ids.
    protected abstract string IsInIds { get; }

    // The messages that are still to be sent of the transactions in `claimed`, in order.
    protected static string MessagesOf(OutboxTables tables, string claimed) =>
        $"SELECT c.{tables.Outbox[nameof(OutboxState.OutboxId)]} AS claimed, {tables.MessageColumns}"
        + $" FROM {claimed} c LEFT JOIN {tables.Message.Name} m ON {IsToSend(tables)}"
        + $" ORDER BY c.{tables.Outbox[nameof(OutboxState.Created)]}, c.{tables.Outbox[nameof(OutboxState.OutboxId)]},"
        + $" m.{tables.Message[nameof(OutboxMessage.SequenceNumber)]}";

    // Whether a message `m` belongs to the transaction `c`. One that MassTransit's own outbox has sent, but not yet removed,
    // is not sent again.
    protected static string IsToSend(OutboxTables tables) =>
        $"m.{tables.Message[nameof(OutboxMessage.OutboxId)]} = c.{tables.Outbox[nameof(OutboxState.OutboxId)]}"
        + $" AND c.{tables.Outbox[nameof(OutboxState.Delivered)]} IS NULL"
        + $" AND m.{tables.Message[nameof(OutboxMessage.SequenceNumber)]} > COALESCE(c.{tables.Outbox[nameof(OutboxState.LastSequenceNumber)]}, 0)";

    protected static string ClaimColumns(OutboxTables tables) =>
        string.Join(
            ", ",
            tables.Outbox[nameof(OutboxState.OutboxId)],
            tables.Outbox[nameof(OutboxState.Created)],
            tables.Outbox[nameof(OutboxState.Delivered)],
            tables.Outbox[nameof(OutboxState.LastSequenceNumber)]
        );

    protected static string ReceiveColumns(OutboxTables tables) =>
        string.Join(
            ", ",
            tables.Inbox[nameof(InboxState.MessageId)],
            tables.Inbox[nameof(InboxState.ConsumerId)],
            tables.Inbox[nameof(InboxState.LockId)],
            tables.Inbox[nameof(InboxState.Received)],
            tables.Inbox[nameof(InboxState.ReceiveCount)],
            tables.Inbox[nameof(InboxState.Consumed)],
            tables.Inbox[nameof(InboxState.Delivered)]
        );

    protected static string LedgerColumns(OutboxTables tables) =>
        string.Join(
            ", ",
            tables.Ledger[nameof(OutboxLedger.Jid)],
            tables.Ledger[nameof(OutboxLedger.MessageId)],
            tables.Ledger[nameof(OutboxLedger.Queue)],
            tables.Ledger[nameof(OutboxLedger.Job)],
            tables.Ledger[nameof(OutboxLedger.SentAt)],
            tables.Ledger[nameof(OutboxLedger.Due)],
            tables.Ledger[nameof(OutboxLedger.NextLook)],
            tables.Ledger[nameof(OutboxLedger.PushedAgain)],
            tables.Ledger[nameof(OutboxLedger.Epoch)]
        );

    protected const string LedgerValues = "r.jid, r.message, r.queue, r.job, r.sent, r.due, r.look, 0, @epoch";

    // Consumed is set on insertion: both commit together, or neither. Delivered is when the row may be removed: MassTransit's
    // own outbox, if it shares the table with ours, removes what was delivered 30 minutes ago.
    protected const string ReceiveValues = "@message, @consumer, @message, @received, 1, @received, @until";

    // A row of ours, whose lock id is its own message id, after its retention; any other when it was delivered before @before.
    // Parameters: @now, @before.
    protected static string IsForgettable(OutboxTables tables)
    {
        var delivered = tables.Inbox[nameof(InboxState.Delivered)];
        return $"{delivered} < @now AND ({delivered} < @before"
            + $" OR {tables.Inbox[nameof(InboxState.LockId)]} = {tables.Inbox[nameof(InboxState.MessageId)]}"
            + $" AND {delivered} > {tables.Inbox[nameof(InboxState.Consumed)]})";
    }

    public static DbParameter Parameter(DbCommand command, string name, object? value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value ?? DBNull.Value;
        command.Parameters.Add(parameter);

        return parameter;
    }
}
