using System.Data.Common;
using MassTransit.Sidekiq.Outbox.Tests.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace MassTransit.Sidekiq.Outbox.Tests;

public class InboxTests
{
    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite), InlineData(Database.MariaDb)]
    public async Task Message_that_comes_in_twice_has_its_effects_once(Database kind)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(kind);
        var consumed = new Consumed();
        await using var host = await Start(database, redis, consumed);
        var order = Guid.NewGuid();
        var job =
            $$"""{"class":"Ship","args":[{"orderId":"{{order}}","step":1}],"jid":"6a53acef47bc238203ae6a7e","retry":true,"queue":"ship","created_at":{{TestClock.Pushed}}}""";

        await redis.SeedQueue("ship", job);
        await consumed.Once().InTime();
        await redis.SeedQueue("ship", job);
        await redis.Until(async redis => (await redis.Keys()).All(key => key is not "queue:ship" && !IsClaim(key)));
        await redis.Until(async redis => (await redis.Queue("shipped")).Length == 1);
        await redis.SeedQueue(
            "ship",
            job.Replace("6a53", "7b64", StringComparison.Ordinal)
                .Replace("\"step\":1", "\"step\":2", StringComparison.Ordinal)
        );
        await redis.Until(async redis => (await redis.Queue("shipped")).Length == 2);
        await host.Drained();

        Assert.Equal([1, 2], (await redis.Jobs("shipped")).Select(job => job.Step()));
        await using var db = database.Open();
        Assert.Equal(["step 1", "step 2"], await db.Orders.Select(row => row.Customer).Order().ToListAsync());
        Assert.Equal(2, await db.Set<InboxState>().CountAsync(row => row.Consumed != null && row.Delivered != null));
        Assert.Equal([1, 2], consumed.Steps);
    }

    // Both deliveries insert the note in the same moment: one waits for the other, and then finds it.
    [Theory, InlineData(Database.Postgres), InlineData(Database.MariaDb)]
    public async Task Messages_that_come_in_twice_at_once_have_their_effects_once(Database kind)
    {
        const int messages = 50;
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(kind);
        await using var host = await Start(database, redis, new Consumed());
        var jobs = Enumerable
            .Range(1, messages)
            .Select(step =>
                $$"""{"class":"Ship","args":[{"orderId":"{{Guid.NewGuid()}}","step":{{step}}}],"jid":"{{step:x24}}"}"""
            )
            .SelectMany(job => new[] { job, job });

        await redis.SeedQueue("ship", [.. jobs]);
        await redis.Until(async redis => (await redis.Keys()).All(key => key is not "queue:ship" && !IsClaim(key)));
        await host.Drained();

        Assert.Equal(Enumerable.Range(1, messages), (await redis.Jobs("shipped")).Select(job => job.Step()).Order());
        Assert.Empty(await redis.RetrySet());
        await using var db = database.Open();
        Assert.Equal(messages, await db.Orders.CountAsync());
        Assert.Equal(messages, await db.Set<InboxState>().CountAsync());
    }

    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite), InlineData(Database.MariaDb)]
    public async Task Consumer_that_fails_leaves_neither_rows_nor_messages_and_works_at_the_next_attempt(Database kind)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(kind);
        var consumed = new Consumed { Failures = 2 };
        await using var host = await Start(database, redis, consumed);

        await host.InScope(
            async (db, _, sender) =>
            {
                await sender.Send("ship", new ShipOrder(Guid.NewGuid(), 7));
                await db.SaveChangesAsync();
            }
        );
        await redis.Until(async redis => (await redis.Queue("shipped")).Length == 1);
        await host.Drained();

        Assert.Equal([7, 7, 7], consumed.Steps);
        Assert.Equal([7], (await redis.Jobs("shipped")).Select(job => job.Step()));
        await using var db = database.Open();
        Assert.Equal(["step 7"], await db.Orders.Select(row => row.Customer).ToListAsync());
        Assert.Equal(1, await db.Set<InboxState>().CountAsync());
    }

    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite), InlineData(Database.MariaDb)]
    public async Task Last_failure_is_announced_though_its_transaction_is_rolled_back(Database kind)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(kind);
        var consumed = new Consumed { Failures = 99 };
        await using var host = await Start(database, redis, consumed, retries: 1);

        await redis.SeedQueue(
            "ship",
            """{"class":"Ship","args":[{"orderId":"d5ee9ae8-6a3c-4f0e-9f5a-3f6d8e1b2c4d","step":1}],"jid":"abc"}"""
        );
        await redis.Retried();
        Assert.Empty(await redis.Queue("faults"));
        await redis.RetryNow();

        await redis.Until(async redis => (await redis.DeadSet()).Length == 1);
        Assert.Contains("not yet", Assert.Single(await redis.Queue("faults")), StringComparison.Ordinal);
        Assert.Empty(await redis.Queue("shipped"));
        await using var db = database.Open();
        Assert.Empty(await db.Orders.ToListAsync());
        Assert.Equal(0, await db.Set<InboxState>().CountAsync());
    }

    // The database breaks inside the consumer, and then at the commit: the execution strategy repeats both, unseen by others.
    [Theory, InlineData(1, 0), InlineData(0, 1), InlineData(2, 1)]
    public async Task Attempts_that_the_execution_strategy_repeats_leave_nothing_behind(int consuming, int committing)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        var consumed = new Consumed { Outages = consuming };
        var commits = new FailingCommits { Left = committing };
        await using var host = await Start(database, redis, consumed, retries: 0, commits);

        await redis.SeedQueue("ship", Ship);
        await redis.Until(async redis => (await redis.Queue("shipped")).Length == 1);
        await host.Drained();
        await redis.Until(async redis => (await redis.Keys()).All(key => !IsClaim(key)));

        Assert.Equal(consuming + committing + 1, consumed.Steps.Count);
        Assert.Equal([1], (await redis.Jobs("shipped")).Select(job => job.Step()));
        Assert.Empty(await redis.Queue("faults"));
        Assert.Empty(await redis.DeadSet());
        await using var db = database.Open();
        Assert.Equal(["step 1"], await db.Orders.Select(row => row.Customer).ToListAsync());
    }

    [Theory, InlineData(99, 0), InlineData(0, 99)]
    public async Task Job_that_fails_for_good_has_one_fault_however_often_the_execution_strategy_tried(
        int consuming,
        int committing
    )
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        var consumed = new Consumed { Outages = consuming };
        var commits = new FailingCommits { Left = committing };
        await using var host = await Start(database, redis, consumed, retries: 0, commits);

        await redis.SeedQueue("ship", Ship);
        await redis.Until(async redis => (await redis.DeadSet()).Length == 1);

        Assert.True(consumed.Steps.Count > 1, "The execution strategy did not repeat it.");
        Assert.Single(await redis.Queue("faults"));
        Assert.Empty(await redis.Queue("shipped"));
    }

    const string Ship =
        """{"class":"Ship","args":[{"orderId":"d5ee9ae8-6a3c-4f0e-9f5a-3f6d8e1b2c4d","step":1}],"jid":"abc"}""";

    static bool IsClaim(string key) =>
        key.StartsWith("mt:working:", StringComparison.Ordinal)
        || key.StartsWith("mt:landing:", StringComparison.Ordinal);

    static Task<OutboxHost> Start(
        TestDatabase database,
        RedisDatabase redis,
        Consumed consumed,
        int? retries = null,
        FailingCommits? commits = null
    ) =>
        OutboxHost.Start(
            database,
            redis.Url,
            new OutboxHostOptions
            {
                Context = options =>
                {
                    if (commits is not null)
                    {
                        options.UseNpgsql(postgres =>
                            postgres.EnableRetryOnFailure(3, TimeSpan.FromMilliseconds(5), null)
                        );
                        options.AddInterceptors(commits);
                    }
                },
                Register = x =>
                {
                    x.AddSingleton(consumed);
                    x.AddConsumer<ShipConsumer>();
                },
                Bus = (context, cfg) =>
                {
                    cfg.Job<ShipOrder>(job => job.Class("Ship"));
                    cfg.Job<Fault<ShipOrder>>(job => job.Queue("faults"));
                    cfg.ReceiveEndpoint(
                        "ship",
                        endpoint =>
                        {
                            if (retries is { } times)
                            {
                                endpoint.UseSidekiqRetry(retry => retry.Limit(times));
                            }
                            else
                            {
                                endpoint.UseMessageRetry(retry => retry.Immediate(5));
                            }

                            endpoint.UseSidekiqOutbox<OrdersDb>(context);
                            endpoint.ConfigureConsumer<ShipConsumer>(context);
                        }
                    );
                },
            }
        );

    // The database breaks when it is to commit.
    sealed class FailingCommits : DbTransactionInterceptor
    {
        public int Left { get; set; }

        public override ValueTask<InterceptionResult> TransactionCommittingAsync(
            DbTransaction transaction,
            TransactionEventData eventData,
            InterceptionResult result,
            CancellationToken cancellationToken = default
        ) =>
            Left-- > 0
                ? throw new NpgsqlException("gone", new TimeoutException())
                : base.TransactionCommittingAsync(transaction, eventData, result, cancellationToken);
    }

    public sealed class Consumed
    {
        readonly TaskCompletionSource first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Failures { get; set; }

        // Of the database.
        public int Outages { get; set; }

        public IList<int> Steps { get; } = [];

        public Task Once() => first.Task;

        public void Note(int step)
        {
            lock (first)
            {
                Steps.Add(step);
            }

            first.TrySetResult();
        }
    }

    public sealed class ShipConsumer(OrdersDb db, Consumed consumed, IPublishEndpoint publisher) : IConsumer<ShipOrder>
    {
        public async Task Consume(ConsumeContext<ShipOrder> context)
        {
            db.Add(new Order { Id = Guid.NewGuid(), Customer = $"step {context.Message.Step}" });
            await context.Send(new Uri("queue:shipped"), new ShipOrder(context.Message.OrderId, context.Message.Step));
            await publisher.Publish(new OrderSubmitted(context.Message.OrderId, "Ada"));
            await db.SaveChangesAsync();

            consumed.Note(context.Message.Step);
            if (consumed.Outages-- > 0)
            {
                throw new NpgsqlException("gone", new TimeoutException());
            }

            if (consumed.Failures-- > 0)
            {
                throw new InvalidOperationException("not yet");
            }
        }
    }
}
