using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Dashboard.Tests;

// An application's database with an outbox in it, on a real PostgreSQL.
public sealed class ShopDb(DbContextOptions<ShopDb> options) : DbContext(options)
{
    public static Task<PostgresDatabase> Lease() =>
        PostgresServer.Lease(
            "shop",
            async connection =>
            {
                await using var db = Open(connection);
                await db.Database.EnsureCreatedAsync(TestContext.Current.CancellationToken);
            }
        );

    public static ShopDb Open(string connection) =>
        new(new DbContextOptionsBuilder<ShopDb>().UseNpgsql(connection).Options);

    // A site with this outbox, whose process drains it.
    public static SiteOptions Site(string connection, Action<SidekiqDashboardOptions>? dashboard = null) =>
        new()
        {
            Services = services => services.AddDbContext<ShopDb>(builder => builder.UseNpgsql(connection)),
            Bus = bus => bus.AddSidekiqOutbox<ShopDb>(outbox => outbox.KeepUntilCompleted()),
            Dashboard = dashboard,
        };

    // As above, where other processes drain and jobs are not kept.
    public static SiteOptions Idle(string connection) =>
        Site(connection) with
        {
            Bus = bus => bus.AddSidekiqOutbox<ShopDb>(outbox => outbox.DisableRelay()),
        };

    public static OutboxFault Fault(string name, string body = "{}", string error = "no route") =>
        new()
        {
            MessageId = NewId.NextGuid(),
            MessageType = $"urn:message:{name}",
            DestinationAddress = "queue:shipping",
            Attempts = 2,
            FaultedAt = TestClock.Start.UtcDateTime,
            ErrorType = "Refused",
            Error = error,
            Message = JsonSerializer.Serialize(
                new OutboxMessage
                {
                    MessageId = NewId.NextGuid(),
                    SentTime = TestClock.Start.UtcDateTime,
                    ContentType = "application/json",
                    MessageType = $"urn:message:{name}",
                    DestinationAddress = new Uri("sidekiq://localhost/shipping"),
                    Body = body,
                    Headers = "{\"tenant\":\"north\"}",
                    Properties = "{}",
                }
            ),
        };

    // Adds rows, one after the other, so that the last is the newest.
    public static async Task Add(string connection, params IEnumerable<object> rows)
    {
        await using var db = Open(connection);
        foreach (var row in rows)
        {
            db.Add(row);
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        }
    }

    // Commits a message, as MassTransit's own outbox writes it.
    public static async Task Stage(string connection, string name)
    {
        var state = new OutboxState { OutboxId = NewId.NextGuid(), Created = DateTime.UnixEpoch };
        var message = new OutboxMessage
        {
            OutboxId = state.OutboxId,
            MessageId = NewId.NextGuid(),
            SentTime = DateTime.UnixEpoch,
            ContentType = "application/json",
            MessageType = $"urn:message:{name}",
            Body = "{}",
            Headers = "{}",
            Properties = "{}",
            DestinationAddress = new Uri("sidekiq://localhost/shipping"),
        };
        await using var db = Open(connection);
        db.AddRange(state, message);
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddSidekiqOutbox();
}
