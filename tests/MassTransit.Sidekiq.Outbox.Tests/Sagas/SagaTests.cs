using MassTransit.Saga;
using MassTransit.Sidekiq.Outbox.Tests.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Outbox.Tests;

public class SagaTests
{
    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite), InlineData(Database.MariaDb)]
    public async Task State_of_a_saga_and_what_it_sends_are_one_transaction(Database kind)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(kind);
        var failures = new Failures { Left = 2 };
        await using var host = await Start<CountedSaga>(database, redis, failures);
        var order = Guid.NewGuid();

        await Send(host, order, step: 1);
        await redis.Until(async redis => (await redis.Queue("shipped")).Length == 1);
        await host.Drained();

        Assert.Equal(0, failures.Left);
        Assert.Equal([1], (await redis.Jobs("shipped")).Select(job => job.Step()));
        await using var db = database.Open();
        var saga = await db.Set<CountedSaga>().SingleAsync();
        Assert.Equal((order, 1, "Final"), (saga.CorrelationId, saga.Messages, saga.CurrentState));
    }

    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite), InlineData(Database.MariaDb)]
    public async Task Messages_for_one_saga_at_once_do_not_overwrite_each_other(Database kind)
    {
        const int messages = 20;
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(kind);
        await using var host = await Start<CountedSaga>(database, redis, new Failures());
        var order = Guid.NewGuid();

        await host.InScope(
            async (db, _, sender) =>
            {
                for (var step = 1; step <= messages; step++)
                {
                    await sender.Send("ship", new ShipOrder(order, step));
                }

                await db.SaveChangesAsync();
            }
        );
        await redis.Until(async redis => (await redis.Queue("shipped")).Length == messages);

        await using var db = database.Open();
        var saga = await db.Set<CountedSaga>().SingleAsync();
        Assert.Equal((messages, messages - 1), (saga.Messages, saga.Version));
        Assert.Equal(Enumerable.Range(1, messages), (await redis.Jobs("shipped")).Select(job => job.Step()).Order());
    }

    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite), InlineData(Database.MariaDb)]
    public async Task Saga_is_inserted_once_found_by_its_properties_and_removed_at_its_end(Database kind)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(kind);
        await using var host = await Start<EndingMachine, CountedSaga>(database, redis, new Failures());
        var order = Guid.NewGuid();

        await host.InScope(
            async (db, _, sender) =>
            {
                await sender.Send("ship", new ShipOrder(order, 1));
                await sender.Send("ship", new ShipOrder(order, 2));
                await sender.Send("ship", new ShipOrder(Guid.NewGuid(), 3));
                await db.SaveChangesAsync();
            }
        );
        await redis.Until(async redis => (await redis.Queue("shipped")).Length == 3);
        await using var db = database.Open();
        Assert.Equal([1, 2], await db.Set<CountedSaga>().Select(saga => saga.Messages).Order().ToListAsync());

        await host.InScope(
            async (db, _, sender) =>
            {
                await sender.Send("ship", new OrderSubmitted(order, "Ada"));
                await db.SaveChangesAsync();
            }
        );
        await redis.Until(async redis => (await redis.Queue("shipped")).Length == 4);

        Assert.DoesNotContain(order, await db.Set<CountedSaga>().Select(saga => saga.CorrelationId).ToListAsync());
        Assert.Equal(1, await db.Set<CountedSaga>().CountAsync());
    }

    [Fact]
    public async Task Tests_find_a_saga_by_its_id_and_by_its_properties()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        await using var host = await Start<CountedSaga>(database, redis, new Failures());
        var order = Guid.NewGuid();

        await Send(host, order, step: 1);
        await redis.Until(async redis => (await redis.Queue("shipped")).Length == 1);
        await host.Drained();

        var byId = host.Services.GetRequiredService<ILoadSagaRepository<CountedSaga>>();
        var byProperty = host.Services.GetRequiredService<IQuerySagaRepository<CountedSaga>>();
        Assert.Equal(1, (await byId.Load(order)).Messages);
        Assert.Null(await byId.Load(Guid.NewGuid()));
        Assert.Equal([order], await byProperty.Find(new SagaQuery<CountedSaga>(saga => saga.Messages == 1)));
    }

    [Fact]
    public async Task Saga_that_two_messages_would_overwrite_is_refused()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        await using var host = await Start<LooseSaga>(database, redis, new Failures());

        await Send(host, Guid.NewGuid(), step: 1);
        await redis.Until(async redis => (await redis.RetrySet()).Length == 1);

        Assert.Contains(
            "has no concurrency token in OrdersDb",
            Assert.Single(await redis.RetrySet()).Job,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Saga_that_the_context_does_not_map_is_refused()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        await using var host = await Start<UnmappedSaga>(database, redis, new Failures());

        await Send(host, Guid.NewGuid(), step: 1);
        await redis.Until(async redis => (await redis.RetrySet()).Length == 1);

        Assert.Contains(
            "OrdersDb does not map the saga UnmappedSaga",
            Assert.Single(await redis.RetrySet()).Job,
            StringComparison.Ordinal
        );
    }

    static Task Send(OutboxHost host, Guid order, int step) =>
        host.InScope(
            async (db, _, sender) =>
            {
                await sender.Send("ship", new ShipOrder(order, step));
                await db.SaveChangesAsync();
            }
        );

    static Task<OutboxHost> Start<TSaga>(TestDatabase database, RedisDatabase redis, Failures failures)
        where TSaga : CountedSaga => Start<CountingMachine<TSaga>, TSaga>(database, redis, failures);

    static Task<OutboxHost> Start<TMachine, TSaga>(TestDatabase database, RedisDatabase redis, Failures failures)
        where TMachine : MassTransitStateMachine<TSaga>
        where TSaga : CountedSaga =>
        OutboxHost.Start(
            database,
            redis.Url,
            new OutboxHostOptions
            {
                Quiet = true,
                Register = x =>
                {
                    x.AddSingleton(failures);
                    x.AddSagaStateMachine<TMachine, TSaga>().SidekiqOutboxRepository<TSaga, OrdersDb>();
                },
                Bus = (context, cfg) =>
                    cfg.ReceiveEndpoint(
                        "ship",
                        e =>
                        {
                            e.UseMessageRetry(retry =>
                            {
                                retry.Ignore<ConfigurationException>();
                                retry.Immediate(100);
                            });
                            e.UseSidekiqOutbox<OrdersDb>(context);
                            e.ConfigureSaga<TSaga>(context);
                        }
                    ),
            }
        );

    public sealed class UnmappedSaga : CountedSaga;

    public sealed class Failures
    {
        public int Left { get; set; }
    }

    sealed class CountingMachine<TSaga> : MassTransitStateMachine<TSaga>
        where TSaga : CountedSaga
    {
        public CountingMachine(Failures failures)
        {
            InstanceState(saga => saga.CurrentState);
            Event(() => Shipped, e => e.CorrelateById(x => x.Message.OrderId));
            Initially(When(Shipped).Then(Count).Send(new Uri("queue:shipped"), x => x.Message).TransitionTo(Final));
            During(Final, When(Shipped).Then(Count).Send(new Uri("queue:shipped"), x => x.Message));

            void Count(BehaviorContext<TSaga, ShipOrder> context)
            {
                context.Saga.Messages++;
                if (failures.Left > 0)
                {
                    failures.Left--;
                    throw new InvalidOperationException("Not yet.");
                }
            }
        }

        public Event<ShipOrder> Shipped { get; } = null!;
    }

    sealed class EndingMachine : MassTransitStateMachine<CountedSaga>
    {
        public EndingMachine()
        {
            InstanceState(saga => saga.CurrentState);
            Event(
                () => Shipped,
                e =>
                {
                    e.CorrelateById(x => x.Message.OrderId);
                    e.InsertOnInitial = true;
                    e.SetSagaFactory(x => new CountedSaga { CorrelationId = x.Message.OrderId });
                }
            );
            Event(
                () => Ended,
                e => e.CorrelateBy((saga, x) => saga.CorrelationId == x.Message.OrderId && saga.Messages > 1)
            );
            Initially(When(Shipped).Then(Count).Send(new Uri("queue:shipped"), x => x.Message).TransitionTo(Open));
            During(
                Open,
                When(Shipped).Then(Count).Send(new Uri("queue:shipped"), x => x.Message),
                When(Ended).Send(new Uri("queue:shipped"), x => x.Message).Finalize()
            );
            SetCompletedWhenFinalized();

            static void Count(BehaviorContext<CountedSaga> context) => context.Saga.Messages++;
        }

        public State Open { get; } = null!;

        public Event<ShipOrder> Shipped { get; } = null!;

        public Event<OrderSubmitted> Ended { get; } = null!;
    }
}

// Counts its messages.
public class CountedSaga : SagaStateMachineInstance, ISagaVersion
{
    public Guid CorrelationId { get; set; }

    public int Version { get; set; }

    public string CurrentState { get; set; } = "";

    public int Messages { get; set; }
}

// Mapped without a concurrency token.
public sealed class LooseSaga : CountedSaga;
