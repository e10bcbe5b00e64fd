using System.Text;
using System.Text.RegularExpressions;
using MassTransit.Sidekiq;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;
using Microsoft.EntityFrameworkCore.Migrations.Operations.Builders;

namespace MassTransit;

/// <summary>The tables of the outbox for hand-written migrations. The scripts are also in the package, under sql/.</summary>
public static partial class SidekiqOutboxMigrations
{
    /// <summary>Creates the tables, as <see cref="SidekiqOutboxModel.AddSidekiqOutbox" /> maps them.</summary>
    /// <param name="migrationBuilder">The migration.</param>
    /// <param name="schema">The schema of the tables, which must exist. Default: the connection's own.</param>
    public static OperationBuilder<SqlOperation> CreateSidekiqOutbox(
        this MigrationBuilder migrationBuilder,
        string? schema = null
    )
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        return migrationBuilder.Sql(Script(migrationBuilder, "create", schema));
    }

    /// <summary>Drops the tables, and every message in them.</summary>
    /// <param name="migrationBuilder">The migration.</param>
    /// <param name="schema">The schema of the tables. Default: the connection's own.</param>
    public static OperationBuilder<SqlOperation> DropSidekiqOutbox(
        this MigrationBuilder migrationBuilder,
        string? schema = null
    )
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        return migrationBuilder.Sql(Script(migrationBuilder, "drop", schema));
    }

    static string Script(MigrationBuilder migrationBuilder, string verb, string? schema)
    {
        var dialect = Dialect(migrationBuilder.ActiveProvider);
        var script = Read($"{dialect.Name}.{verb}.sql");

        return schema is null ? script : TableNames().Replace(script, name => $"{dialect.Quote(schema)}.{name.Value}");
    }

    internal static OutboxDialect Dialect(string? provider) =>
        provider switch
        {
            "Npgsql.EntityFrameworkCore.PostgreSQL" => OutboxDialect.Postgres,
            "Microsoft.EntityFrameworkCore.Sqlite" => OutboxDialect.Sqlite,
            "Microsoft.EntityFrameworkCore.SqlServer" => OutboxDialect.SqlServer,
            "Pomelo.EntityFrameworkCore.MySql" or "MySql.EntityFrameworkCore" => OutboxDialect.MySql,
            _ => throw new ConfigurationException(
                $"The outbox does not know the database of '{provider}'. It works with PostgreSQL, SQLite, SQL Server and MySQL."
            ),
        };

    internal static string Read(string name)
    {
        using var stream =
            typeof(SidekiqOutboxMigrations).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"Script '{name}' is not embedded in the assembly.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    // Where a script names a table, and not a constraint or an index.
    [GeneratedRegex(
        """(?<=(?:TABLE|TABLE IF EXISTS|ON|REFERENCES) )["`\[](?:InboxState|OutboxState|OutboxMessage|OutboxFault|OutboxLedger)["`\]]""",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex TableNames();
}
