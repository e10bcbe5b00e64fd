using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;

namespace MassTransit.Sidekiq.Outbox.Tests;

public class SchemaTests
{
    static readonly string[] OfTests = ["Orders", nameof(CountedSaga), nameof(LooseSaga)];

    // Read from a database that MassTransit.EntityFrameworkCore 8.5 created with Npgsql.
    const string Upstream = """
        InboxState.Id bigint identity
        InboxState.MessageId uuid
        InboxState.ConsumerId uuid
        InboxState.LockId uuid
        InboxState.RowVersion bytea null
        InboxState.Received timestamp with time zone
        InboxState.ReceiveCount integer
        InboxState.ExpirationTime timestamp with time zone null
        InboxState.Consumed timestamp with time zone null
        InboxState.Delivered timestamp with time zone null
        InboxState.LastSequenceNumber bigint null
        OutboxMessage.SequenceNumber bigint identity
        OutboxMessage.EnqueueTime timestamp with time zone null
        OutboxMessage.SentTime timestamp with time zone
        OutboxMessage.Headers text null
        OutboxMessage.Properties text null
        OutboxMessage.InboxMessageId uuid null
        OutboxMessage.InboxConsumerId uuid null
        OutboxMessage.OutboxId uuid null
        OutboxMessage.MessageId uuid
        OutboxMessage.ContentType character varying(256)
        OutboxMessage.MessageType text
        OutboxMessage.Body text
        OutboxMessage.ConversationId uuid null
        OutboxMessage.CorrelationId uuid null
        OutboxMessage.InitiatorId uuid null
        OutboxMessage.RequestId uuid null
        OutboxMessage.SourceAddress character varying(256) null
        OutboxMessage.DestinationAddress character varying(256) null
        OutboxMessage.ResponseAddress character varying(256) null
        OutboxMessage.FaultAddress character varying(256) null
        OutboxMessage.ExpirationTime timestamp with time zone null
        OutboxState.OutboxId uuid
        OutboxState.LockId uuid
        OutboxState.RowVersion bytea null
        OutboxState.Created timestamp with time zone
        OutboxState.Delivered timestamp with time zone null
        OutboxState.LastSequenceNumber bigint null
        AK_InboxState_MessageId_ConsumerId UNIQUE ("MessageId", "ConsumerId")
        FK_OutboxMessage_InboxState_InboxMessageId_InboxConsumerId FOREIGN KEY ("InboxMessageId", "InboxConsumerId") REFERENCES "InboxState"("MessageId", "ConsumerId")
        FK_OutboxMessage_OutboxState_OutboxId FOREIGN KEY ("OutboxId") REFERENCES "OutboxState"("OutboxId")
        PK_InboxState PRIMARY KEY ("Id")
        PK_OutboxMessage PRIMARY KEY ("SequenceNumber")
        PK_OutboxState PRIMARY KEY ("OutboxId")
        IX_InboxState_Delivered btree ("Delivered")
        IX_OutboxMessage_EnqueueTime btree ("EnqueueTime")
        IX_OutboxMessage_ExpirationTime btree ("ExpirationTime")
        IX_OutboxMessage_InboxMessageId_InboxConsumerId_SequenceNumber UNIQUE btree ("InboxMessageId", "InboxConsumerId", "SequenceNumber")
        IX_OutboxMessage_OutboxId_SequenceNumber UNIQUE btree ("OutboxId", "SequenceNumber")
        IX_OutboxState_Created btree ("Created")
        """;

    [Fact]
    public async Task Tables_columns_and_indexes_are_those_of_MassTransit_EntityFrameworkCore()
    {
        await using var database = await TestDatabase.Lease(Database.Postgres);

        var lines = await PostgresCatalog.Describe(
            database.ConnectionString,
            "InboxState",
            "OutboxState",
            "OutboxMessage"
        );

        Assert.Equal(Upstream.Split('\n'), lines);
    }

    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite), InlineData(Database.MariaDb)]
    public async Task Migration_creates_what_the_model_maps(Database kind)
    {
        await using var database = await TestDatabase.Lease(kind);
        await using var context = database.Open();
        var builder = new MigrationBuilder(context.Database.ProviderName);

        builder.CreateSidekiqOutbox();

        var script = Assert.IsType<SqlOperation>(Assert.Single(builder.Operations)).Sql;
        var model = Statements(context.Database.GenerateCreateScript())
            .Where(sql =>
                !OfTests.Any(table => sql.Contains($"\"{table}\"", StringComparison.Ordinal))
                && !OfTests.Any(table => sql.Contains($"`{table}`", StringComparison.Ordinal))
            );
        Assert.Equal(model, Statements(script));

        builder.DropSidekiqOutbox();
        await context.Database.ExecuteSqlRawAsync(((SqlOperation)builder.Operations[1]).Sql);
        await context.Database.ExecuteSqlRawAsync(script);
    }

    // There is no server for it here; what its provider makes of the model is known all the same.
    [Fact]
    public void Migration_for_SQL_Server_creates_what_the_model_maps()
    {
        var options = new DbContextOptionsBuilder<OrdersDb>().UseSqlServer("Server=nowhere").Options;
        using var context = new OrdersDb(options);
        var builder = new MigrationBuilder(context.Database.ProviderName);

        builder.CreateSidekiqOutbox();

        var model = Statements(
                context.Database.GenerateCreateScript().Replace("\nGO\n", "\n", StringComparison.Ordinal)
            )
            .Where(sql => !OfTests.Any(table => sql.Contains($"[{table}]", StringComparison.Ordinal)));
        Assert.Equal(model, Statements(((SqlOperation)Assert.Single(builder.Operations)).Sql));
    }

    [Theory]
    [InlineData("Npgsql.EntityFrameworkCore.PostgreSQL", "\"", "\"")]
    [InlineData("Microsoft.EntityFrameworkCore.SqlServer", "[", "]")]
    [InlineData("Pomelo.EntityFrameworkCore.MySql", "`", "`")]
    public void Migration_puts_the_tables_into_a_schema(string provider, string open, string close)
    {
        var builder = new MigrationBuilder(provider);

        builder.CreateSidekiqOutbox("bus");

        var script = ((SqlOperation)Assert.Single(builder.Operations)).Sql;
        foreach (var table in new[] { "InboxState", "OutboxState", "OutboxMessage", "OutboxFault", "OutboxLedger" })
        {
            var name = $"{open}{table}{close}";
            Assert.Contains($"CREATE TABLE {open}bus{close}.{name}", script, StringComparison.Ordinal);
            Assert.DoesNotContain($"ON {name}", script, StringComparison.Ordinal);
            Assert.DoesNotContain($"REFERENCES {name}", script, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Migration_of_an_unknown_database_says_which_are_known()
    {
        var fault = Assert.Throws<ConfigurationException>(() => new MigrationBuilder("Oracle").CreateSidekiqOutbox());

        Assert.Contains(
            "'Oracle'. It works with PostgreSQL, SQLite, SQL Server and MySQL",
            fault.Message,
            StringComparison.Ordinal
        );
    }

    static IEnumerable<string> Statements(string script) =>
        script
            .TrimStart('\uFEFF')
            .Replace("\r", "", StringComparison.Ordinal)
            .Split(";\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
