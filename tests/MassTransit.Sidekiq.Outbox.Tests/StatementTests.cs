using System.Text;

namespace MassTransit.Sidekiq.Outbox.Tests;

public class StatementTests
{
    /// SQL Server and MySQL have no server here: what is approved was read beside their manuals.
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

        Approved.Matches(text.ToString(), "tests/MassTransit.Sidekiq.Outbox.Tests", "Statements");
    }

    [Fact]
    public void Batch_locks_as_many_transactions_as_its_messages_need()
    {
        var first = OutboxTake.First(1000);
        Assert.Equal((1000, 1000), (first.Transactions, first.Messages));

        // Ten messages each: a hundred transactions filled it.
        var second = first.After(claimed: 100, isCut: true);
        Assert.Equal((126, 1000), (second.Transactions, second.Messages));

        // They were enough for all that is there.
        Assert.Equal(first, second.After(claimed: 3, isCut: false));
    }
}
