using Npgsql;

namespace MassTransit.Sidekiq.TestSupport;

/// <summary>What PostgreSQL says of tables.</summary>
public static class PostgresCatalog
{
    const string Query = """
        SELECT line FROM (
          SELECT 1 AS part, table_name AS a, ordinal_position AS b, table_name || '.' || column_name || ' ' || data_type
            || COALESCE('(' || character_maximum_length || ')', '')
            || CASE is_nullable WHEN 'YES' THEN ' null' ELSE '' END
            || CASE is_identity WHEN 'YES' THEN ' identity' ELSE '' END AS line
          FROM information_schema.columns WHERE table_name = ANY($1)
          UNION ALL
          SELECT 2, conname, 0, conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
          WHERE conrelid IN (SELECT oid FROM pg_class WHERE relname = ANY($1))
          UNION ALL
          SELECT 3, indexname, 0, indexname || CASE WHEN indexdef LIKE '%UNIQUE%' THEN ' UNIQUE' ELSE '' END || substring(indexdef FROM ' btree.*')
          FROM pg_indexes WHERE tablename = ANY($1) AND indexname LIKE 'IX%'
        ) AS lines ORDER BY part, a COLLATE "C", b
        """;

    /// <summary>The columns, the constraints and the indexes of tables, a line each.</summary>
    public static async Task<string[]> Describe(string connectionString, params string[] tables)
    {
        await using var source = NpgsqlDataSource.Create(connectionString + ";Pooling=false");
        await using var command = source.CreateCommand(Query);
        command.Parameters.Add(new NpgsqlParameter { Value = tables });
        await using var reader = await command.ExecuteReaderAsync();

        var lines = new List<string>();
        while (await reader.ReadAsync())
        {
            lines.Add(reader.GetString(0));
        }

        return [.. lines];
    }
}
