using System.Data.Common;
using Microsoft.Data.Sqlite;
using MySqlConnector;
using Npgsql;

namespace MassTransit.Sidekiq;

// How one of them is opened and asked for its columns (schema, table, column) and indexes (schema, table, index, column; in their
// order). Nothing here writes.
internal sealed record DatabaseDialect(Func<string, DbConnection> Connect, string Columns, string Indexes, char Quote)
{
    static readonly DatabaseDialect postgres = new(
        text => new NpgsqlConnection(text),
        "SELECT table_schema, table_name, column_name FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema')",
        """
        SELECT n.nspname, t.relname, i.relname, a.attname
        FROM pg_index x
        JOIN pg_class t ON t.oid = x.indrelid
        JOIN pg_class i ON i.oid = x.indexrelid
        JOIN pg_namespace n ON n.oid = t.relnamespace
        CROSS JOIN LATERAL unnest(x.indkey) WITH ORDINALITY AS k(attnum, position)
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum
        WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
        ORDER BY n.nspname, t.relname, i.relname, k.position
        """,
        '"'
    );

    static readonly DatabaseDialect sqlite = new(
        // A file that does not exist is not made.
        text => new SqliteConnection(
            new SqliteConnectionStringBuilder(text) { Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString()
        ),
        "SELECT '', t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table'",
        """
        SELECT '', t.name, i.name, c.name
        FROM sqlite_master t, pragma_index_list(t.name) i, pragma_index_info(i.name) c
        WHERE t.type = 'table' AND c.name IS NOT NULL
        ORDER BY t.name, i.name, c.seqno
        """,
        '"'
    );

    static readonly DatabaseDialect mySql = new(
        text => new MySqlConnection(text),
        "SELECT table_schema, table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE()",
        "SELECT table_schema, table_name, index_name, column_name FROM information_schema.statistics WHERE table_schema = DATABASE() ORDER BY table_name, index_name, seq_in_index",
        '`'
    );

    public static DatabaseDialect Of(OutboxProvider provider) =>
        provider switch
        {
            OutboxProvider.Sqlite => sqlite,
            OutboxProvider.MySql => mySql,
            _ => postgres,
        };

    public string Quoted(string name) =>
        $"{Quote}{name.Replace($"{Quote}", $"{Quote}{Quote}", StringComparison.Ordinal)}{Quote}";
}
