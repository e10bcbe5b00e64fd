using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Outbox.Tests;

public class OutboxViewTests
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite), InlineData(Database.MariaDb)]
    public async Task Outbox_tells_what_waits_and_what_it_keeps_by_age_and_counts_no_further_than_it_is_told(
        Database kind
    )
    {
        await using var database = await TestDatabase.Lease(kind);
        await using (var db = database.Open())
        {
            OfficialRow.Stage(db, "urn:message:Shop:A", "shipping");
            OfficialRow.Stage(db, "urn:message:Shop:A", "shipping");
            await db.SaveChangesAsync(Token);
            db.AddRange(Fault("a"), Fault("b"), Fault("c"));
            db.AddRange(Kept(0), Kept(2), Kept(3), Kept(50), Kept(60), Kept(70), Kept(0, dead: true));
            db.Add(new InboxState { MessageId = NewId.NextGuid(), ConsumerId = NewId.NextGuid() });
            await db.SaveChangesAsync(Token);
        }

        await using var provider = Stopped(database, outbox => outbox.KeepUntilCompleted());
        var outbox = provider.GetRequiredService<ISidekiqOutbox>();
        var state = await outbox.State(cancellationToken: Token);

        Assert.Equal((2, 3, 1), (state.Pending, state.SetAside, state.Inbox));
        Assert.Equal(TestClock.Start - DateTimeOffset.UnixEpoch, state.OldestAge);
        Assert.True(state.IsBehind);
        Assert.Equal(new SidekiqOutboxAges(LastHour: 1, LastDay: 2, Older: 3), state.Open);
        Assert.Equal(new SidekiqOutboxAges(1, 0, 0), state.Dead);
        Assert.Equal(0, state.DrainedLastMinute);

        var glance = await outbox.State(most: 1, Token);
        Assert.Equal((1, 1, 1, 1), (glance.Limit, glance.Pending, glance.SetAside, glance.Open!.Count));
    }

    [Fact]
    public async Task Outbox_that_keeps_no_jobs_and_leaves_draining_to_others_tells_nothing_of_them()
    {
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        await using var provider = Stopped(database, outbox => outbox.DisableRelay());

        var state = await provider.GetRequiredService<ISidekiqOutbox>().State(cancellationToken: Token);

        Assert.Null(state.Open ?? state.Dead);
        Assert.Null(state.DrainedLastMinute);
        Assert.Equal((0, TimeSpan.Zero, false), (state.Pending, state.OldestAge, state.IsBehind));
    }

    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite), InlineData(Database.MariaDb)]
    public async Task Messages_set_aside_are_turned_page_by_page_the_newest_first_and_one_is_seen_whole(Database kind)
    {
        await using var database = await TestDatabase.Lease(kind);
        await using (var db = database.Open())
        {
            for (var i = 0; i < 5; i++)
            {
                db.Add(Fault($"{i}"));
                await db.SaveChangesAsync(Token);
            }

            var broken = Fault("5");
            (broken.Message, broken.Error) = ("no message", new string('x', 2000));
            db.Add(broken);
            await db.SaveChangesAsync(Token);
        }

        await using var provider = Stopped(database);
        var outbox = provider.GetRequiredService<ISidekiqOutbox>();
        var first = await outbox.SetAside(most: 4, cancellationToken: Token);
        var second = await outbox.SetAside(most: 4, first[^1].Id, Token);

        Assert.Equal(["5", "4", "3", "2", "1", "0"], first.Concat(second).Select(fault => fault.Destination));
        Assert.Equal(500, first[0].Error.Length);
        Assert.Equal(("Shop:A", "Refused", 3), (first[1].MessageType, first[1].ErrorType, first[1].Attempts));
        Assert.Equal(TestClock.Start, first[1].FaultedAt);

        var whole = await outbox.Find(first[1].Id, Token);
        Assert.Equal(("""{"n":1}""", """{"h":"4"}"""), (whole!.Body, whole.Headers));
        Assert.Equal(first[1], whole.Fault);
        var unreadable = await outbox.Find(first[0].Id, Token);
        Assert.Equal((null, "no message", 2000), (unreadable!.Body, unreadable.Row, unreadable.Fault.Error.Length));
        Assert.Null(await outbox.Find(first[0].Id + 1, Token));
    }

    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite), InlineData(Database.MariaDb)]
    public async Task Chosen_messages_are_released_and_discarded_and_then_all_however_many(Database kind)
    {
        const int count = 2_100;
        await using var database = await TestDatabase.Lease(kind);
        await using (var db = database.Open())
        {
            var broken = Fault("broken");
            broken.Message = "no message";
            db.Add(broken);
            db.AddRange(Enumerable.Range(0, count).Select(i => Fault($"{i}")));
            await db.SaveChangesAsync(Token);
        }

        await using var provider = Stopped(database);
        var outbox = provider.GetRequiredService<ISidekiqOutbox>();
        var newest = await outbox.SetAside(most: 3, cancellationToken: Token);

        Assert.Equal(1, await outbox.Release([newest[0].Id, newest[0].Id + 1], Token));
        Assert.Equal(1, await outbox.Discard([newest[1].Id], Token));
        Assert.Equal((0, 0), (await outbox.Release([], Token), await outbox.Discard([newest[1].Id], Token)));
        Assert.Equal(newest[2], (await outbox.SetAside(most: 1, cancellationToken: Token))[0]);

        Assert.Equal(count - 2, await outbox.Release(cancellationToken: Token));
        var state = await outbox.State(cancellationToken: Token);
        Assert.Equal((count - 1, 1), (state.Pending, state.SetAside));
        Assert.Equal(1, await outbox.Discard(cancellationToken: Token));
        Assert.Equal(0, await outbox.Discard(cancellationToken: Token));
    }

    [Fact]
    public async Task Everything_is_discarded_however_much_there_is()
    {
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        await using (var db = database.Open())
        {
            db.AddRange(Enumerable.Range(0, 2_000).Select(i => Fault($"{i}")));
            await db.SaveChangesAsync(Token);
        }

        await using var provider = Stopped(database);
        var outbox = provider.GetRequiredService<ISidekiqOutbox>();

        Assert.Equal(2_000, await outbox.Discard(cancellationToken: Token));
        Assert.Empty(await outbox.SetAside(cancellationToken: Token));
    }

    [Fact]
    public async Task Database_that_is_away_is_told_by_the_name_of_its_outbox_and_is_read_when_it_is_back()
    {
        await using var server = await PostgresServer.StartOwn();
        var connection = server.ConnectionString + ";Database=orders";
        await using var provider = Stopped(builder => builder.UseNpgsql(connection));
        await using (var scope = provider.CreateAsyncScope())
        {
            await scope.ServiceProvider.GetRequiredService<OrdersDb>().Database.EnsureCreatedAsync(Token);
        }

        var outbox = provider.GetRequiredService<ISidekiqOutbox>();
        Assert.Equal(0, (await outbox.State(cancellationToken: Token)).Pending);

        await server.Kill();
        foreach (
            var ask in new Func<Task>[]
            {
                () => outbox.State(cancellationToken: Token),
                () => outbox.SetAside(cancellationToken: Token),
                () => outbox.Find(1, Token),
                () => outbox.Release(cancellationToken: Token),
                () => outbox.Discard([1], Token),
            }
        )
        {
            var away = await Assert.ThrowsAsync<SidekiqOutboxException>(ask);
            Assert.StartsWith("The outbox of OrdersDb cannot be ", away.Message, StringComparison.Ordinal);
        }

        await server.Restart();
        await Until(async () => await IsRead(outbox));
    }

    [Fact]
    public async Task Tables_that_are_missing_are_told_in_the_words_of_the_database()
    {
        await using var provider = Stopped(builder => builder.UseSqlite("Data Source=:memory:"));

        var missing = await Assert.ThrowsAsync<SidekiqOutboxException>(() =>
            provider.GetRequiredService<ISidekiqOutbox>().State(cancellationToken: Token)
        );

        Assert.Contains("no such table", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_that_is_cancelled_is_no_fault_of_the_database()
    {
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var provider = Stopped(database);
        var outbox = provider.GetRequiredService<ISidekiqOutbox>();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            outbox.State(cancellationToken: new CancellationToken(canceled: true))
        );
    }

    static async Task<bool> IsRead(ISidekiqOutbox outbox)
    {
        try
        {
            return (await outbox.State(cancellationToken: Token)).Pending == 0;
        }
        catch (SidekiqOutboxException)
        {
            return false;
        }
    }

    static ServiceProvider Stopped(TestDatabase database, Action<SidekiqOutboxOptions>? configure = null) =>
        Stopped(builder => database.Configure(builder), configure);

    // An application whose bus does not run, so that nothing is drained.
    static ServiceProvider Stopped(
        Action<DbContextOptionsBuilder> database,
        Action<SidekiqOutboxOptions>? configure = null
    ) =>
        new ServiceCollection()
            .AddLogging()
            .AddSingleton<TimeProvider>(new FakeClock())
            .AddDbContext<OrdersDb>(database)
            .AddMassTransit(x =>
            {
                x.AddSidekiqOutbox<OrdersDb>(configure);
                x.UsingSidekiq();
            })
            .BuildServiceProvider(validateScopes: true);

    static OutboxFault Fault(string destination) =>
        new()
        {
            MessageId = NewId.NextGuid(),
            MessageType = "urn:message:Shop:A;urn:message:Shop:B",
            DestinationAddress = destination,
            Attempts = 3,
            FaultedAt = TestClock.Start.UtcDateTime,
            ErrorType = "Refused",
            Error = "no",
            Message = JsonSerializer.Serialize(
                new OutboxMessage
                {
                    MessageId = NewId.NextGuid(),
                    SentTime = TestClock.Start.UtcDateTime,
                    ContentType = "application/json",
                    MessageType = "urn:message:Shop:A",
                    Body = """{"n":1}""",
                    Headers = $$"""{"h":"{{destination}}"}""",
                }
            ),
        };

    static OutboxLedger Kept(int hours, bool dead = false)
    {
        var sent = TestClock.Start.UtcDateTime.AddHours(-hours);
        return new OutboxLedger
        {
            Jid = NewId.NextGuid().ToString("N"),
            MessageId = NewId.NextGuid(),
            Queue = "shipping",
            Job = "{}",
            SentAt = sent,
            NextLook = dead ? null : sent.AddMinutes(10),
            DiedAt = dead ? sent : null,
        };
    }
}
