using MassTransit.Middleware;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>The change-over of docs/from-rabbitmq.md, step by step, with a real RabbitMQ.</summary>
public sealed class RabbitMqGuideTests : IAsyncLifetime
{
    RedisDatabase redis = null!;
    RabbitMqServer rabbitMq = null!;

    // The shop publishes orders and consumes them, as billing does.
    Service shop = null!;
    Service billing = null!;

    public async ValueTask InitializeAsync()
    {
        redis = await RedisServer.Lease();
        rabbitMq = await RabbitMqServer.Start();
        shop = new Service("shop", rabbitMq.Url, redis.Url);
        billing = new Service("billing", rabbitMq.Url, redis.Url);
    }

    public async ValueTask DisposeAsync()
    {
        await rabbitMq.DisposeAsync();
        await redis.DisposeAsync();
    }

    [Fact]
    public async Task Services_change_over_one_by_one_and_each_message_is_processed_once()
    {
        await Begin_on_RabbitMQ_with_a_failed_order_and_some_in_flight();
        await using (await billing.Start(billing.Both))
        {
            await Step_1_consume_from_both();
            await Step_2_publish_to_Redis_and_go_back_and_forward_again();
        }

        await Step_3_move_what_is_left();
        await Step_4_remove_RabbitMQ();

        Assert.Equal((0, 0), ((await redis.RetrySet()).Length, (await redis.DeadSet()).Length));
    }

    async Task Begin_on_RabbitMQ_with_a_failed_order_and_some_in_flight()
    {
        await using var old = await shop.Start(shop.Before);
        billing.Broken = 13;
        await using (await billing.Start(billing.Before))
        {
            await Publish(old, 1, 13);
            await billing.Processes(1..12);
            await Until(async () => await Waiting("billing_error") == 1);
        }

        billing.Broken = 0;
        await Publish(old, 14, 20);
        Assert.Equal(7u, await Waiting("billing"));
    }

    async Task Step_1_consume_from_both()
    {
        await using var both = await shop.Start(shop.Both);
        await Publish(both, 21, 25);
        await billing.Processes(1..12, 14..25);
    }

    async Task Step_2_publish_to_Redis_and_go_back_and_forward_again()
    {
        await using (var swapped = await shop.Start(shop.Swapped))
        {
            await Publish(swapped, 26, 30);
            await billing.Processes(1..12, 14..30);
        }

        await using (var both = await shop.Start(shop.Both))
        {
            await Publish(both, 31, 35);
        }

        await using (var swapped = await shop.Start(shop.Swapped))
        {
            await Publish(swapped, 36, 40);
            await shop.Processes(1..40);
            await billing.Processes(1..12, 14..40);
        }
    }

    async Task Step_3_move_what_is_left()
    {
        await using (await billing.Start(billing.Moving))
        {
            await billing.Processes(1..40);
        }

        foreach (var queue in new[] { "shop", "billing", "billing_error" })
        {
            Assert.Equal(0u, await Waiting(queue));
        }
    }

    async Task Step_4_remove_RabbitMQ()
    {
        await rabbitMq.Kill();
        await using var after = await shop.Start(shop.After);
        await using var consumer = await billing.Start(billing.After);
        await Publish(after, 41, 45);
        await shop.Processes(1..45);
        await billing.Processes(1..45);
        await shop.Billed.Reaches(1..45);
    }

    static Task Publish(RunningHost host, int first, int last) =>
        host.InScope(async services =>
        {
            var publisher = services.GetRequiredService<IPublishEndpoint>();
            for (var number = first; number <= last; number++)
            {
                await publisher.Publish(new OrderSubmitted(number));
            }
        });

    // Null for a queue that does not exist.
    async Task<uint?> Waiting(string queue)
    {
        await using var connection = await new ConnectionFactory { Uri = rabbitMq.Url }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        try
        {
            return (await channel.QueueDeclarePassiveAsync(queue)).MessageCount;
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == Constants.NotFound)
        {
            return null;
        }
    }

    public sealed record OrderSubmitted(int Number);

    public interface ISidekiqBus : IBus;

    public interface IRabbitMqBus : IBus;

    public sealed record OrderBilled(int Number, string Scheme);

    // What it publishes goes out by the bus on which its message came in.
    public sealed class OrderConsumer(Service service) : IConsumer<OrderSubmitted>, IConsumer<OrderBilled>
    {
        public Task Consume(ConsumeContext<OrderSubmitted> context)
        {
            service.Process(context.Message.Number);
            return service.Bills
                ? context.Publish(new OrderBilled(context.Message.Number, Scheme(context)))
                : Task.CompletedTask;
        }

        public Task Consume(ConsumeContext<OrderBilled> context)
        {
            Assert.Equal(context.Message.Scheme, Scheme(context));
            service.Billed.Count(context.Message.Number);
            return Task.CompletedTask;
        }

        static string Scheme(ConsumeContext context) => context.ReceiveContext.InputAddress.Scheme;
    }

    public sealed class MoveToSidekiq(IBus sidekiq) : IConsumer<OrderSubmitted>
    {
        public async Task Consume(ConsumeContext<OrderSubmitted> context)
        {
            var billing = await sidekiq.GetSendEndpoint(new Uri("queue:billing"));
            // With its id and headers: what is moved twice has one jid, by which an inbox recognises it.
            await billing.Send(context.Message, new CopyContextPipe(context), context.CancellationToken);
        }
    }

    // A service of the application, as it is deployed from step to step.
    public sealed class Service(string queue, Uri rabbitMq, string redis)
    {
        readonly Tally tally = new();

        public int Broken { get; set; }

        public bool Bills => queue == "billing";

        public Tally Billed { get; } = new();

        public Task Processes(params Range[] numbers) => tally.Reaches(numbers);

        internal Task<RunningHost> Start(Action<IServiceCollection> deployed) =>
            RunningHost.Start(services => deployed(services.AddSingleton(this)));

        public void Process(int number)
        {
            if (number == Broken)
            {
                throw new InvalidOperationException($"Order {number} cannot be processed yet.");
            }

            tally.Count(number);
        }

        public void Before(IServiceCollection services)
        {
            services.AddMassTransit(RabbitMq);
        }

        void RabbitMq(IBusRegistrationConfigurator x)
        {
            x.AddConsumer<OrderConsumer>();
            x.UsingRabbitMq(
                (context, cfg) =>
                {
                    cfg.Host(rabbitMq);
                    cfg.ReceiveEndpoint(
                        queue,
                        e =>
                        {
                            e.SetQuorumQueue();
                            e.PrefetchCount = 16;
                            e.ConfigureConsumer<OrderConsumer>(context);
                        }
                    );
                }
            );
        }

        void Sidekiq(IBusRegistrationConfigurator x)
        {
            x.AddConsumer<OrderConsumer>();
            x.UsingSidekiq(
                (context, cfg) =>
                {
                    cfg.Host(redis);
                    cfg.ReceiveEndpoint(
                        queue,
                        e =>
                        {
                            e.PrefetchCount = 16;
                            e.ConfigureConsumer<OrderConsumer>(context);
                        }
                    );
                }
            );
        }

        public void Both(IServiceCollection services)
        {
            services.AddMassTransit(RabbitMq);
            services.AddMassTransit<ISidekiqBus>(Sidekiq);
        }

        public void Swapped(IServiceCollection services)
        {
            services.AddMassTransit(Sidekiq);
            services.AddMassTransit<IRabbitMqBus>(RabbitMq);
        }

        public void Moving(IServiceCollection services)
        {
            services.AddMassTransit(Sidekiq);
            services.AddMassTransit<IRabbitMqBus>(x =>
            {
                x.AddConsumer<MoveToSidekiq>();
                x.UsingRabbitMq(
                    (context, cfg) =>
                    {
                        cfg.Host(rabbitMq);
                        cfg.ReceiveEndpoint(
                            "billing_error",
                            e =>
                            {
                                e.SetQuorumQueue();
                                e.ConfigureConsumeTopology = false;
                                e.ConfigureConsumer<MoveToSidekiq>(context);
                            }
                        );
                    }
                );
            });
        }

        public void After(IServiceCollection services)
        {
            services.AddMassTransit(Sidekiq);
        }
    }
}
