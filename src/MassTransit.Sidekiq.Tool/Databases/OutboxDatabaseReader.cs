using System.Data.Common;

namespace MassTransit.Sidekiq;

// What the tables of an outbox hold, as `outbox` and the doctor show it. Rows are counted as far as `Limit`. The numbers of a table that
// does not exist are null.
internal sealed record OutboxTablesState(
    OutboxProvider Provider,
    IReadOnlyList<TableRow> Tables,
    int Limit,
    long? Pending,
    double? OldestSeconds,
    long? SetAside,
    long? Open,
    long? Dead
);

// Looks into a database without knowing the application's DbContext. A handful of statements that only read, and count no further than
// the limit.
internal sealed class OutboxDatabaseReader
{
    const int Limit = 10_000;

    readonly DbConnection connection;
    readonly OutboxSchema schema;
    readonly CancellationToken token;

    OutboxDatabaseReader(DbConnection connection, OutboxSchema schema, CancellationToken token) =>
        (this.connection, this.schema, this.token) = (connection, schema, token);

    public static async Task<OutboxTablesState> Read(
        OutboxProvider provider,
        string connectionString,
        TimeProvider clock,
        CancellationToken token
    )
    {
        var dialect = DatabaseDialect.Of(provider);
        try
        {
            await using var connection = dialect.Connect(connectionString);
            await connection.OpenAsync(token);
            var schema = new OutboxSchema(
                dialect,
                await Rows(connection, dialect.Columns, token),
                await Rows(connection, dialect.Indexes, token)
            );
            return await new OutboxDatabaseReader(connection, schema, token).State(provider, clock.GetUtcNow());
        }
        catch (Exception fault)
            when (fault is DbException or TimeoutException or ArgumentException or InvalidOperationException)
        {
            throw new ToolFault(
                $"The database of the outbox does not answer, as {provider}: {fault.Message} Check --outbox and --provider.",
                fault
            );
        }
    }

    async Task<OutboxTablesState> State(OutboxProvider provider, DateTimeOffset now)
    {
        var created = schema.Exists("OutboxState")
            ? await Value($"SELECT MIN({schema.Column("OutboxState", "Created")}) FROM {schema.Table("OutboxState")}")
            : null;
        var age = created is { } oldest ? Math.Max(0, (now - Utc(oldest)).TotalSeconds) : (double?)null;

        return new OutboxTablesState(
            provider,
            schema.Tables,
            Limit,
            await Count("OutboxMessage", "OutboxId", "IS NOT NULL"),
            age,
            await Count("OutboxFault", "FaultedAt", "IS NOT NULL"),
            await Count("OutboxLedger", "NextLook", "IS NOT NULL"),
            await Count("OutboxLedger", "NextLook", "IS NULL")
        );
    }

    async Task<long?> Count(string table, string column, string condition) =>
        schema.Exists(table)
            ? Convert.ToInt64(
                await Value(
                    $"SELECT COUNT(*) FROM (SELECT 1 FROM {schema.Table(table)} WHERE {schema.Column(table, column)} {condition} LIMIT {Limit}) AS counted"
                ),
                System.Globalization.CultureInfo.InvariantCulture
            )
            : null;

    async Task<object?> Value(string sql)
    {
        await using var command = Command(connection, sql);
        await using var reader = await command.ExecuteReaderAsync(token);
        return await reader.ReadAsync(token) && !await reader.IsDBNullAsync(0, token) ? reader.GetValue(0) : null;
    }

    static async Task<IReadOnlyList<string[]>> Rows(DbConnection connection, string sql, CancellationToken token)
    {
        var rows = new List<string[]>();
        await using var command = Command(connection, sql);
        await using var reader = await command.ExecuteReaderAsync(token);
        while (await reader.ReadAsync(token))
        {
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(reader.GetString)]);
        }

        return rows;
    }

    static DbCommand Command(DbConnection connection, string sql)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // Made of our own words and of names that the database itself gave, quoted.
        command.CommandText = sql;
#pragma warning restore CA2100
        return command;
    }

    // Each database gives a time in another way, and all of them keep it as UTC.
    static DateTimeOffset Utc(object time) =>
        time switch
        {
            DateTime date => new DateTimeOffset(DateTime.SpecifyKind(date, DateTimeKind.Utc)),
            DateTimeOffset offset => offset,
            var text => DateTimeOffset.Parse(
                $"{text}",
                System.Globalization.CultureInfo.InvariantCulture,
                System.Globalization.DateTimeStyles.AssumeUniversal
            ),
        };
}
