using System.Diagnostics.Metrics;
using MassTransit.Sidekiq.Outbox.Tests.Contracts;
using MassTransit.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MassTransit.Sidekiq.Outbox.Tests;

public class SeeingTests
{
    [Fact]
    public async Task Health_is_degraded_while_messages_are_set_aside_and_bad_when_they_are_old()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.StringSetAsync("queue:shipping", "not a list");
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await OutboxHost.Start(database, redis.Url);
        Assert.Equal(HealthStatus.Healthy, (await Health(host)).Status);

        await host.InScope(
            async (db, _, sender) =>
            {
                await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 1));
                await db.SaveChangesAsync();
            }
        );
        await host.Drained();
        var health = await Health(host);
        Assert.Equal(HealthStatus.Degraded, health.Status);
        Assert.Equal("0 pending, the oldest for 0 s (limit 60 s), 1 set aside", health.Description);

        await using var stager = await OutboxHost.Start(
            database,
            redis.Url,
            new OutboxHostOptions { Outbox = outbox => outbox.DisableRelay() }
        );
        await host.Harness.Stop();
        await using var db = database.Open();
        db.Add(new OutboxState { OutboxId = NewId.NextGuid(), Created = DateTime.UtcNow.AddMinutes(-5) });
        await db.SaveChangesAsync();
        Assert.Equal(HealthStatus.Unhealthy, (await Health(stager)).Status);
    }

    [Fact]
    public void Meter_counts_what_was_drained_and_what_waits()
    {
        var seen = new Dictionary<string, double>(StringComparer.Ordinal);
        using var metrics = new OutboxMetrics("Metered");
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == OutboxMetrics.MeterName)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
        Assert.False(metrics.IsMeasured);
        listener.Start();

        metrics.Counts = new OutboxCounts(7, TimeSpan.FromSeconds(3), 2, Open: 4);
        metrics.Drained(5);
        listener.RecordObservableInstruments();

        Assert.True(metrics.IsMeasured);
        lock (seen)
        {
            Assert.Equal(
                [
                    new("sidekiq.outbox.drained", 5),
                    new("sidekiq.outbox.ledger_open", 4),
                    new("sidekiq.outbox.oldest", 3),
                    new("sidekiq.outbox.pending", 7),
                    new KeyValuePair<string, double>("sidekiq.outbox.set_aside", 2),
                ],
                seen.OrderBy(entry => entry.Key, StringComparer.Ordinal)
            );
        }

        // Other tests have meters of the same name, with other contexts.
        void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (tags[0].Value is "Metered")
            {
                lock (seen)
                {
                    seen[instrument.Name] = value;
                }
            }
        }
    }

    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite), InlineData(Database.MariaDb)]
    public async Task Inbox_forgets_what_cannot_come_in_again(Database kind)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(kind);
        var now = DateTime.UtcNow;
        await using (var db = database.Open())
        {
            db.AddRange(Row(now.AddDays(-22)), Row(now.AddDays(-20)), Row(delivered: null));
            await db.SaveChangesAsync();
        }

        await using var host = await OutboxHost.Start(database, redis.Url);

        await using var after = database.Open();
        await Until(async () => await after.Set<InboxState>().CountAsync() == 2);
        Assert.DoesNotContain(await after.Set<InboxState>().ToListAsync(), row => row.Delivered < now.AddDays(-21));
    }

    static InboxState Row(DateTime? delivered) =>
        new()
        {
            MessageId = Guid.NewGuid(),
            ConsumerId = Guid.NewGuid(),
            Received = DateTime.UtcNow,
            Delivered = delivered,
        };

    static async Task<HealthReportEntry> Health(OutboxHost host)
    {
        var report = await host
            .Services.GetRequiredService<HealthCheckService>()
            .CheckHealthAsync(check => check.Name == "sidekiq-outbox-OrdersDb");
        return Assert.Single(report.Entries).Value;
    }
}
