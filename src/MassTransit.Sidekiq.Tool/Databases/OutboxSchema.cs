namespace MassTransit.Sidekiq;

// A table of the outbox, as `outbox` shows it.
internal sealed record TableRow(string Name, bool Exists, IReadOnlyList<string> MissingIndexes);

// The tables and indexes that a database has, held against those that an outbox needs. An application may have named them by another
// convention (outbox_message) and in a schema of its own: names are compared without case and underscores.
internal sealed class OutboxSchema
{
    // What each loop of the outbox finds its rows by.
    static readonly (string Table, string[][] Indexes)[] needed =
    [
        (
            "OutboxMessage",
            [
                ["OutboxId", "SequenceNumber"],
            ]
        ),
        (
            "OutboxState",
            [
                ["Created"],
            ]
        ),
        (
            "InboxState",
            [
                ["Delivered"],
            ]
        ),
        (
            "OutboxFault",
            [
                ["FaultedAt"],
            ]
        ),
        (
            "OutboxLedger",
            [
                ["NextLook"],
            ]
        ),
    ];

    readonly DatabaseDialect dialect;
    readonly string schema;
    readonly ILookup<string, (string Table, string Column)> columns;
    readonly ILookup<string, string[]> indexes;

    public OutboxSchema(DatabaseDialect dialect, IReadOnlyList<string[]> columnRows, IReadOnlyList<string[]> indexRows)
    {
        this.dialect = dialect;
        // The schema that holds most of the tables.
        schema =
            columnRows
                .Where(row => needed.Any(table => Plain(table.Table) == Plain(row[1])))
                .GroupBy(row => row[0], StringComparer.Ordinal)
                .OrderByDescending(rows => rows.Select(row => row[1]).Distinct(StringComparer.Ordinal).Count())
                .FirstOrDefault()
                ?.Key
            ?? "";
        columns = columnRows
            .Where(row => row[0] == schema)
            .ToLookup(row => Plain(row[1]), row => (row[1], row[2]), StringComparer.Ordinal);
        indexes = indexRows
            .Where(row => row[0] == schema)
            .GroupBy(row => (row[1], row[2]))
            .ToLookup(
                rows => Plain(rows.Key.Item1),
                rows => rows.Select(row => Plain(row[3])).ToArray(),
                StringComparer.Ordinal
            );
    }

    public IReadOnlyList<TableRow> Tables =>
        [
            .. needed.Select(table => new TableRow(
                table.Table,
                Exists(table.Table),
                Exists(table.Table)
                    ?
                    [
                        .. table
                            .Indexes.Where(index => !IsIndexed(table.Table, index))
                            .Select(index => string.Join(" + ", index)),
                    ]
                    : []
            )),
        ];

    public bool Exists(string table) => columns.Contains(Plain(table));

    // As SQL names it.
    public string Table(string table)
    {
        var name = dialect.Quoted(columns[Plain(table)].First().Table);
        return schema.Length > 0 ? $"{dialect.Quoted(schema)}.{name}" : name;
    }

    public string Column(string table, string column) =>
        columns[Plain(table)].FirstOrDefault(found => Plain(found.Column) == Plain(column)) is { Column: { } name }
            ? dialect.Quoted(name)
            : throw new ToolFault(
                $"The table {table} has no column {column}: it is not one of this outbox, or its migration is missing."
            );

    // Further columns behind those do no harm.
    bool IsIndexed(string table, string[] wanted) =>
        indexes[Plain(table)]
            .Any(index => index.Take(wanted.Length).SequenceEqual(wanted.Select(Plain), StringComparer.Ordinal));

    static string Plain(string name) => name.Replace("_", "", StringComparison.Ordinal).ToUpperInvariant();
}
