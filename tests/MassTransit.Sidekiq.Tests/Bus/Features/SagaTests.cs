namespace MassTransit.Sidekiq.Tests;

public sealed class SagaTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Saga_asks_schedules_and_is_finished_by_its_own_timer()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Received<OrderEnded>>();
        await using var bus = await Start(redis, seen);
        var id = NewId.NextGuid();

        await bus.Harness.Bus.Publish(new OrderPlaced(id, TimeSpan.FromMilliseconds(50)));

        var ended = await seen.Next();
        Assert.Equal((id, "timer", 42), (ended.Message.CorrelationId, ended.Message.Why, ended.Message.Stock));
        Assert.Equal(id, ended.Context.InitiatorId);
        // The time limit of the request, a job of its own, is called off beside what the saga does next.
        await redis.Until(async db => (await db.ScheduledSet()).Length == 0);
    }

    [Fact]
    public async Task Unscheduled_timer_leaves_the_schedule()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Received<OrderEnded>>();
        await using var bus = await Start(redis, seen);
        var id = NewId.NextGuid();

        await bus.Harness.Bus.Publish(new OrderPlaced(id, TimeSpan.FromDays(1)));
        await redis.Until(async db =>
            (await db.ScheduledSet()).Count(entry => entry.Job.Contains("OrderExpired", StringComparison.Ordinal)) == 1
        );
        await bus.Harness.Bus.Publish(new OrderPaid(id));

        Assert.Equal("paid", (await seen.Next()).Message.Why);
        await redis.Until(async db => !(await db.ScheduledSet()).Any(IsExpiry));
        await redis.Until(async db => !(await db.Keys()).Any(IsToken));

        static bool IsExpiry(SetEntry entry) => entry.Job.Contains("OrderExpired", StringComparison.Ordinal);

        static bool IsToken(string key) => key.StartsWith("mt:token", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fault_of_the_asked_service_reaches_the_saga()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Received<OrderEnded>>();
        await using var bus = await Start(redis, seen, hasStock: false);

        await bus.Harness.Bus.Publish(new OrderPlaced(NewId.NextGuid(), TimeSpan.FromDays(1)));

        Assert.Equal("no stock", (await seen.Next()).Message.Why);
    }

    Task<TestBus> Start(RedisDatabase redis, Seen<Received<OrderEnded>> seen, bool hasStock = true) =>
        TestBus.Start(
            redis,
            output,
            // Else the answer may arrive before the saga has noted that it asked.
            x =>
                x.AddSagaStateMachine<OrderMachine, OrderState>((context, saga) => saga.UseInMemoryOutbox(context))
                    .InMemoryRepository(),
            (_, cfg) =>
            {
                cfg.ReceiveEndpoint(
                    "stock",
                    e =>
                    {
                        e.UseSidekiqRetry(r => r.None());
                        e.Handler<AskStock>(async context =>
                        {
                            // An outbox asks first, and then schedules the time limit: whoever answers in between calls
                            // off what is not there yet.
                            await redis.Until(async db => (await db.ScheduledSet()).Any(IsTimeLimit));
                            await (
                                hasStock
                                    ? context.RespondAsync(new Stock(42))
                                    : throw new InvalidOperationException("no stock")
                            );
                        });
                    }
                );
                cfg.ReceiveEndpoint("ended", e => e.Note(seen));
            }
        );

    static bool IsTimeLimit(SetEntry entry) => entry.Job.Contains("RequestTimeoutExpired", StringComparison.Ordinal);

    public sealed record OrderPlaced(Guid CorrelationId, TimeSpan Patience) : CorrelatedBy<Guid>;

    public sealed record OrderPaid(Guid CorrelationId) : CorrelatedBy<Guid>;

    public sealed record OrderExpired(Guid CorrelationId) : CorrelatedBy<Guid>;

    public sealed record OrderEnded(Guid CorrelationId, string Why, int Stock) : CorrelatedBy<Guid>;

    public sealed record AskStock(Guid OrderId);

    public sealed record Stock(int Count);

    public sealed class OrderState : SagaStateMachineInstance
    {
        public Guid CorrelationId { get; set; }

        public string CurrentState { get; set; } = "";

        public TimeSpan Patience { get; set; }

        public int Stock { get; set; }

        public Guid? ExpiryToken { get; set; }

        public Guid? StockRequestId { get; set; }
    }

    public sealed class OrderMachine : MassTransitStateMachine<OrderState>
    {
        public OrderMachine()
        {
            InstanceState(order => order.CurrentState);
            Request(
                () => StockRequest,
                order => order.StockRequestId,
                x => (x.ServiceAddress, x.Timeout) = (new Uri("queue:stock"), TimeSpan.FromHours(1))
            );
            Schedule(() => Expiry, order => order.ExpiryToken);

            Initially(
                When(Placed)
                    .Then(context => context.Saga.Patience = context.Message.Patience)
                    .Request(StockRequest, context => new AskStock(context.Saga.CorrelationId))
                    .TransitionTo(StockRequest.Pending)
            );
            During(
                StockRequest.Pending,
                When(StockRequest.Completed)
                    .Then(context => context.Saga.Stock = context.Message.Count)
                    .Schedule(
                        Expiry,
                        context => new OrderExpired(context.Saga.CorrelationId),
                        context => context.Saga.Patience
                    )
                    .TransitionTo(Waiting),
                When(StockRequest.Faulted).PublishAsync(context => Ended(context.Saga, "no stock")).Finalize()
            );
            During(
                Waiting,
                When(Expiry.Received).PublishAsync(context => Ended(context.Saga, "timer")).Finalize(),
                When(Paid).Unschedule(Expiry).PublishAsync(context => Ended(context.Saga, "paid")).Finalize()
            );
            SetCompletedWhenFinalized();
        }

        public State Waiting { get; private set; } = null!;

        public Event<OrderPlaced> Placed { get; private set; } = null!;

        public Event<OrderPaid> Paid { get; private set; } = null!;

        public Schedule<OrderState, OrderExpired> Expiry { get; private set; } = null!;

        public Request<OrderState, AskStock, Stock> StockRequest { get; private set; } = null!;

        static Task<OrderEnded> Ended(OrderState order, string why) =>
            Task.FromResult(new OrderEnded(order.CorrelationId, why, order.Stock));
    }
}
