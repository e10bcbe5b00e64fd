using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.SqlServer.TransactSql.ScriptDom;

namespace MassTransit.Sidekiq.Outbox.Tests;

public class StatementTests
{
    [Fact]
    public async Task Statements_of_each_database_are_the_approved_ones()
    {
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        await using var context = database.Open();
        var text = new StringBuilder();
        foreach (
            var dialect in new[]
            {
                OutboxDialect.Postgres,
                OutboxDialect.Sqlite,
                OutboxDialect.SqlServer,
                OutboxDialect.MySql,
            }
        )
        {
            var statements = new OutboxStatements(dialect, context.Model);
            text.Append($"## {dialect.Name}\n\n");
            foreach (
                var property in typeof(OutboxStatements)
                    .GetProperties()
                    .Where(each => each.PropertyType == typeof(string))
            )
            {
                text.Append($"{property.Name}\n    {property.GetValue(statements)}\n\n");
            }
        }

        Approved.Matches(text.ToString(), "tests/MassTransit.Sidekiq.Outbox.Tests/Databases", "Statements");
    }

    // SQL Server has no server here: its own parser reads what we would send, and what is approved was read beside its manual.
    [Fact]
    public void Statements_for_SQL_Server_are_Transact_SQL()
    {
        var options = new DbContextOptionsBuilder<OrdersDb>().UseSqlServer("Server=nowhere").Options;
        using var context = new OrdersDb(options);
        var statements = new OutboxStatements(OutboxDialect.SqlServer, context.Model);
        var texts = typeof(OutboxStatements)
            .GetProperties()
            .Where(each => each.PropertyType == typeof(string))
            .Select(each => (string)each.GetValue(statements)!)
            .Concat(statements.Probes.Select(probe => probe.Sql))
            .Append(SidekiqOutboxMigrations.Read("sqlserver.create.sql"))
            .Append(SidekiqOutboxMigrations.Read("sqlserver.drop.sql"));

        Assert.All(
            texts,
            text =>
            {
                using var reader = new StringReader(text);
                new TSql160Parser(initialQuotedIdentifiers: true).Parse(reader, out var errors);
                Assert.True(errors.Count == 0, $"{string.Join("; ", errors.Select(error => error.Message))}\n{text}");
            }
        );
    }

    [Fact]
    public void Batch_locks_as_many_transactions_as_its_messages_need()
    {
        var first = OutboxTake.First(1000);
        Assert.Equal((1000, 1000), (first.Transactions, first.Messages));

        // Ten messages each: a hundred transactions filled it.
        var second = first.After(claimed: 100, isFilled: true);
        Assert.Equal((126, 1000), (second.Transactions, second.Messages));

        // They were enough for all that is there.
        Assert.Equal(first, second.After(claimed: 3, isFilled: false));
    }
}
