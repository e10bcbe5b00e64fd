using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Benchmarks;

// MassTransit on a transport, as its defaults are: queues and messages are durable, and RabbitMQ confirms what it was sent.
internal sealed class BusContestant(
    string name,
    Uri address,
    Action<IBusRegistrationConfigurator, Action<IBusRegistrationContext, IBusFactoryConfigurator>> use
) : Contestant(name, address)
{
    public override int Backlog => 20_000;

    public override int Callers => 32;

    public Task<Running> Bus(
        Action<IBusRegistrationConfigurator> register,
        Action<IBusRegistrationContext, IBusFactoryConfigurator> configure,
        Action<IServiceCollection>? services = null
    ) =>
        Running.Start(
            x =>
            {
                register(x);
                use(x, configure);
            },
            services
        );

    public override async Task<IAsyncDisposable> Consume<T>(string[] queues, Func<T, Task> consume) =>
        await Bus(
            x => x.AddConsumer<Consumer<T>>(),
            (context, cfg) =>
            {
                foreach (var queue in queues)
                {
                    cfg.ReceiveEndpoint(
                        queue,
                        endpoint =>
                        {
                            endpoint.ConcurrentMessageLimit = Concurrency;
                            endpoint.ConfigureConsumer<Consumer<T>>(context);
                        }
                    );
                }
            },
            services => services.AddSingleton(consume)
        );

    public override async Task<Sender<T>> Sender<T>(string queue)
    {
        var bus = await Bus(_ => { }, (_, _) => { });
        var endpoint = await bus.Endpoint($"queue:{queue}");
        // Not the task itself: a send leaves its bus's log to its caller, who would hand it to the next bus.
        return new Sender<T>(async message => await endpoint.Send(message), bus);
    }
}

internal sealed class Consumer<T>(Func<T, Task> consume) : IConsumer<T>
    where T : class
{
    public Task Consume(ConsumeContext<T> context) => consume(context.Message);
}
