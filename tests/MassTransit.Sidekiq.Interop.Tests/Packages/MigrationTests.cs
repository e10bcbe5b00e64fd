using System.Text.Json;
using System.Text.RegularExpressions;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>What people do with `dotnet ef` to the tables of the outbox, on real databases.</summary>
[Collection<InstallTests>]
public sealed partial class MigrationTests(BuiltPackages packages, MigratedShop shop) : IClassFixture<MigratedShop>
{
    // The tool finds the tables in the model of an application as people write it, and nothing left to add.
    [Theory, InlineData("PostgresShop"), InlineData("SqliteShop")]
    public async Task Model_has_no_changes_after_its_migration(string context)
    {
        var answer = await shop.Ef(context, "migrations has-pending-model-changes");

        Assert.Contains("No changes have been made to the model", answer.Text, StringComparison.Ordinal);
        Assert.Equal(0, answer.ExitCode);
    }

    // The migration makes what the script for hand-written migrations makes, which SchemaTests compares with the model and with
    // MassTransit.EntityFrameworkCore; and the outbox works on it.
    [Theory, InlineData("PostgresShop", "postgres"), InlineData("SqliteShop", "sqlite")]
    public async Task Database_of_a_migration_has_the_tables_of_the_script_and_is_drained(string context, string script)
    {
        await using var migrated = await ShopDatabase.Lease(context);
        await using var scripted = await ShopDatabase.Lease(context);
        await scripted.Execute(await Script($"{script}.create.sql"));

        await shop.Update(context, migrated.ConnectionString);

        var tables = ShopDatabase.OutboxTables.Prepend("Orders").Order(StringComparer.Ordinal);
        Assert.Equal(tables, await migrated.Tables());
        var description = await migrated.Describe();
        Assert.Contains(description, line => line.Contains("IX_OutboxMessage_OutboxId_", StringComparison.Ordinal));
        Assert.Equal(await scripted.Describe(), description);
        await PlacesAnOrder(context, migrated);
    }

    // An application that has migrations gets the tables of the outbox by one more, which touches nothing else.
    [Fact]
    public async Task Migration_that_adds_the_outbox_to_an_application_makes_its_tables_and_nothing_else()
    {
        Assert.Equal(1, shop.BeforeItsMigration.ExitCode);
        Assert.Contains("Changes have been made to the model", shop.BeforeItsMigration.Text, StringComparison.Ordinal);

        var source = shop.Migration("OlderShop", "Outbox");
        var steps = Step().Matches(source).Select(step => $"{step.Groups[1]} {step.Groups[2]}").ToList();
        Assert.Equal(source.Split("migrationBuilder.").Length - 1, steps.Count);
        Assert.Equal(
            from step in new[] { "CreateIndex", "CreateTable", "DropTable" }
            from table in ShopDatabase.OutboxTables
            select $"{step} {table}",
            steps.Distinct().Order(StringComparer.Ordinal)
        );

        await using var database = await ShopDatabase.Lease("OlderShop");
        await shop.Update("OlderShop", database.ConnectionString, "Initial");
        Assert.Equal("Orders", Assert.Single(await database.Tables()));
        await database.Execute("""INSERT INTO "Orders" VALUES ('11111111-1111-1111-1111-111111111111')""");

        await shop.Update("OlderShop", database.ConnectionString);

        Assert.Single(await database.Ask("""SELECT "Id" FROM "Orders" """));
        await PlacesAnOrder("OlderShop", database);
    }

    async Task PlacesAnOrder(string context, ShopDatabase database)
    {
        await using var redis = await RedisServer.Lease();
        await using var application = shop.Run(context, database.ConnectionString, redis.Url);
        await application.Exited.InTime(application.Dump);

        Assert.True(application.ExitCode == 0, application.Dump());
        Assert.Contains("staged 1", application.Lines);
        var job = JsonElement.Parse(Assert.Single(await redis.Queue("shipping")));
        Assert.Contains($"left 0 of {job.GetProperty("args")[0].GetProperty("orderId")}", application.Lines);
    }

    async Task<string> Script(string name)
    {
        using var archive = packages.Open("MassTransit.Sidekiq.Outbox");
        using var reader = new StreamReader(archive.GetEntry($"sql/{name}")!.Open());
        return await reader.ReadToEndAsync();
    }

    // A step of a migration and the table it is about, which an index names after itself.
    [GeneratedRegex("""migrationBuilder\.([\w<>]+)\(\s*(?:name: "\w+",\s*table|name): "(\w+)""")]
    private static partial Regex Step();
}
