using System.Data.Common;
using MassTransit.Sidekiq.Outbox.Tests.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace MassTransit.Sidekiq.Outbox.Tests;

// On PostgreSQL the messages of a transaction are a part of the statement that writes their OutboxState.
public class CarriedMessageTests
{
    [Theory, InlineData(1), InlineData(10)]
    public async Task Messages_of_a_transaction_take_no_statement_and_no_command_of_their_own(int messages)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        var commands = new Commands();
        await using var host = await Start(database, redis, commands);

        await host.InScope(
            async (db, _, sender) =>
            {
                db.Add(new Order { Id = Guid.NewGuid() });
                for (var step = 0; step < messages; step++)
                {
                    await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), step));
                }

                await db.SaveChangesAsync();
            }
        );

        Assert.Equal(2, Assert.Single(commands.Saves).Statements);
        await host.Drained();
        Assert.Equal(Enumerable.Range(0, messages), (await redis.Jobs("shipping")).Select(job => job.Step()));
    }

    // Those behind the first SaveChanges of a transaction are written one by one: their OutboxState is written already.
    [Theory, InlineData(1), InlineData(3)]
    public async Task Row_is_the_same_whether_it_is_carried_or_tracked(int carried)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await Start(database, redis, isDrained: false);

        await host.InScope(
            async (db, publisher, sender) =>
            {
                await using var transaction = await db.Database.BeginTransactionAsync();
                for (var i = 0; i < carried; i++)
                {
                    await Publish(publisher);
                }

                Assert.Equal(carried, db.ChangeTracker.Entries<OutboxMessage>().Count());
                await db.SaveChangesAsync();
                Assert.Empty(db.ChangeTracker.Entries<OutboxMessage>());
                await Publish(publisher);
                await db.SaveChangesAsync();
                Assert.Single(db.ChangeTracker.Entries<OutboxMessage>());
                await transaction.CommitAsync();
            }
        );

        await using var context = database.Open();
        var rows = await context.Set<OutboxMessage>().OrderBy(row => row.SequenceNumber).ToListAsync();
        Assert.Equal(carried + 1, rows.Count);
        var entries = rows.ConvertAll(row => context.Entry(row));
        foreach (var column in entries[0].Metadata.GetProperties().Where(column => !OfEach.Contains(column.Name)))
        {
            Assert.Single(entries.Select(entry => entry.Property(column.Name).CurrentValue).Distinct());
        }

        Assert.All(rows, row => Assert.Equal(DateTimeKind.Utc, row.EnqueueTime?.Kind));
        Assert.All(rows, row => Assert.NotEqual(Guid.Empty, row.MessageId));

        static Task Publish(IPublishEndpoint publisher) =>
            publisher.Publish(
                new OrderSubmitted(order, "Ada \u00e9 \"\\ \ud83d\ude80"),
                context =>
                {
                    context.CorrelationId = context.ConversationId = context.RequestId = order;
                    (context.ResponseAddress, context.FaultAddress) = (new Uri("queue:a%20b"), new Uri("queue:faults"));
                    context.TimeToLive = TimeSpan.FromHours(2);
                    context.Delay = TimeSpan.FromHours(1);
                    context.Headers.Set("Tenant", "north");
                }
            );
    }

    static readonly Guid order = Guid.NewGuid();

    static readonly string[] OfEach =
    [
        nameof(OutboxMessage.SequenceNumber),
        nameof(OutboxMessage.MessageId),
        nameof(OutboxMessage.SentTime),
        nameof(OutboxMessage.EnqueueTime),
        nameof(OutboxMessage.ExpirationTime),
        nameof(OutboxMessage.Properties),
    ];

    [Fact]
    public async Task Save_that_fails_keeps_its_messages_for_the_next()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await Start(database, redis);
        var taken = new Order { Id = Guid.NewGuid() };
        await using (var context = database.Open())
        {
            context.Add(taken);
            await context.SaveChangesAsync();
        }

        await host.InScope(
            async (db, _, sender) =>
            {
                var second = new Order { Id = taken.Id };
                db.Add(second);
                await sender.Send("shipping", new ShipOrder(taken.Id, 1));
                await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync());
                Assert.Single(db.ChangeTracker.Entries<OutboxMessage>());

                db.Entry(second).State = EntityState.Detached;
                await sender.Send("shipping", new ShipOrder(taken.Id, 2));
                await db.SaveChangesAsync();
                await sender.Send("shipping", new ShipOrder(taken.Id, 3));
                await db.SaveChangesAsync();
            }
        );
        await host.Drained();

        Assert.Equal([1, 2, 3], (await redis.Jobs("shipping")).Select(job => job.Step()));
    }

    [Fact]
    public async Task Message_that_the_database_refuses_fails_the_save_and_everything_with_it()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await Start(database, redis);

        await host.InScope(
            async (db, _, sender) =>
            {
                db.Add(new Order { Id = Guid.NewGuid() });
                await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 1));
                await sender.Send(
                    "shipping",
                    new ShipOrder(Guid.NewGuid(), 2),
                    context => context.FaultAddress = new Uri($"queue:{new string('a', 300)}")
                );
                var refused = await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync());
                Assert.Equal(
                    PostgresErrorCodes.StringDataRightTruncation,
                    ((PostgresException)refused.InnerException!).SqlState
                );
            }
        );

        await using var context = database.Open();
        Assert.Equal(0, await context.Orders.CountAsync() + await context.Set<OutboxState>().CountAsync());
    }

    [Fact]
    public async Task Messages_are_repeated_with_changes_that_are_not_accepted_yet()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await Start(database, redis);

        await host.InScope(
            async (db, _, sender) =>
            {
                await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 1));
                for (var attempt = 1; attempt <= 2; attempt++)
                {
                    await using var transaction = await db.Database.BeginTransactionAsync();
                    await db.SaveChangesAsync(acceptAllChangesOnSuccess: false);
                    await (attempt == 1 ? transaction.RollbackAsync() : transaction.CommitAsync());
                }

                db.ChangeTracker.AcceptAllChanges();
                await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 2));
                await db.SaveChangesAsync();
            }
        );
        await host.Drained();

        Assert.Equal([1, 2], (await redis.Jobs("shipping")).Select(job => job.Step()));
    }

    [Fact]
    public void Messages_that_an_application_has_given_columns_are_tracked()
    {
        Assert.NotNull(MessageInsert.For(new OrdersDb(Options<OrdersDb>())));
        Assert.Null(MessageInsert.For(new TenantsDb(Options<TenantsDb>())));
    }

    [Fact]
    public void Command_that_is_not_known_fails_and_its_messages_are_tracked_again()
    {
        using var context = new OrdersDb(Options<OrdersDb>());
        var carried = new CarriedMessages<OrdersDb>();
        var state = new OutboxState { OutboxId = NewId.NextGuid() };
        var message = new OutboxMessage { OutboxId = state.OutboxId };
        context.AddRange(state, message);
        carried.Offer(context, state, message);
        carried.Take(context);
        Assert.Equal(EntityState.Detached, context.Entry(message).State);
        using var command = new NpgsqlCommand("""MERGE INTO "OutboxState" """);
        command.Parameters.AddWithValue("p0", state.OutboxId);

        Assert.Throws<InvalidOperationException>(() => carried.Join(context, command));
        carried.Failed(context);
        Assert.Equal(EntityState.Added, context.Entry(message).State);
        carried.Take(context);
        Assert.Equal(EntityState.Added, context.Entry(message).State);
    }

    // As a library does that writes what is tracked by itself.
    [Fact]
    public async Task Messages_are_tracked_until_SaveChanges_begins()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await Start(database, redis);

        await host.InScope(
            async (db, _, sender) =>
            {
                await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 1));
                await using var other = database.Open();
                foreach (var entity in db.ChangeTracker.Entries().Select(entry => entry.Entity))
                {
                    other.Add(entity);
                }

                await other.SaveChangesAsync();
                db.ChangeTracker.AcceptAllChanges();
                await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), 2));
                await db.SaveChangesAsync();
            }
        );
        await host.Drained();

        Assert.Equal([1, 2], (await redis.Jobs("shipping")).Select(job => job.Step()));
    }

    static Task<OutboxHost> Start(
        TestDatabase database,
        RedisDatabase redis,
        Commands? commands = null,
        bool isDrained = true
    ) =>
        OutboxHost.Start(
            database,
            redis.Url,
            new OutboxHostOptions
            {
                Context = builder => builder.AddInterceptors(commands ?? new Commands()),
                Outbox = outbox =>
                {
                    if (!isDrained)
                    {
                        outbox.DisableRelay();
                    }
                },
            }
        );

    static DbContextOptions<T> Options<T>()
        where T : DbContext => new DbContextOptionsBuilder<T>().UseNpgsql("Host=nowhere").Options;

    // The shadow property is set by the application, for each entity that is tracked.
    sealed class TenantsDb(DbContextOptions<TenantsDb> options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.AddSidekiqOutbox();
            modelBuilder.Entity<OutboxMessage>().Property<int>("Tenant");
        }
    }

    sealed class Commands : DbCommandInterceptor
    {
        public List<(string Text, int Statements)> Saves { get; } = [];

        public override ValueTask<DbDataReader> ReaderExecutedAsync(
            DbCommand command,
            CommandExecutedEventData eventData,
            DbDataReader result,
            CancellationToken cancellationToken = default
        )
        {
            if (eventData.CommandSource == CommandSource.SaveChanges)
            {
#pragma warning disable CS0618 // There is no other way to see what a command became.
                Saves.Add((command.CommandText, ((NpgsqlDataReader)result).Statements.Count));
#pragma warning restore CS0618
            }

            return ValueTask.FromResult(result);
        }
    }
}
