using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests;

public sealed class LimitConfigurationTests
{
    [Fact]
    public async Task Wrong_limits_are_refused_at_once_when_the_bus_is_built()
    {
        var fault = await Fault(cfg =>
        {
            cfg.ReceiveEndpoint("a", e => e.UseSidekiqLimit(limits => limits.Concurrent("api", 5)));
            cfg.ReceiveEndpoint("b", e => e.UseSidekiqLimit(limits => limits.Concurrent("api", 6)));
            cfg.ReceiveEndpoint("c", e => e.UseSidekiqLimit(limits => limits.Concurrent("a:b", 0)));
            cfg.ReceiveEndpoint(
                "d",
                e =>
                {
                    e.Temporary = true;
                    e.UseSidekiqLimit(limits => limits.Bucket("mail", 10, TimeSpan.FromHours(1)));
                }
            );
        });

        Assert.Contains(
            "limit 'api' is 5 at once on endpoint 'a', and 6 at once on endpoint 'b'",
            fault,
            StringComparison.Ordinal
        );
        Assert.Contains("limit 'a:b' has a name that", fault, StringComparison.Ordinal);
        Assert.Contains("endpoint 'd' is temporary", fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Same_limit_on_several_endpoints_is_one()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddMassTransit(x =>
            x.UsingSidekiq(
                (_, cfg) =>
                {
                    foreach (var queue in new[] { "a", "b" })
                    {
                        cfg.ReceiveEndpoint(
                            queue,
                            e => e.UseSidekiqLimit(limits => limits.Window("api", 5, TimeSpan.FromSeconds(1)))
                        );
                    }
                }
            )
        );
        await using var provider = services.BuildServiceProvider();

        Assert.NotNull(provider.GetRequiredService<IBus>());
    }

    [Fact]
    public async Task Job_consumer_has_no_limits_and_a_consumer_of_batches_those_of_its_messages()
    {
        var fault = await Fault(
            (context, cfg) => cfg.ReceiveEndpoint("jobs", e => e.ConfigureConsumer<Converter>(context)),
            x => x.AddConsumer<Converter, ConverterDefinition>()
        );

        Assert.Contains(
            "Converter of endpoint 'jobs' has limits and consumes no message",
            fault,
            StringComparison.Ordinal
        );
        Assert.Equal([typeof(Video), typeof(SubmitOrder)], ConsumerLimits.MessagesOf(typeof(Batches)));
    }

    static Task<string> Fault(Action<ISidekiqBusFactoryConfigurator> configure) => Fault((_, cfg) => configure(cfg));

    static async Task<string> Fault(
        Action<IBusRegistrationContext, ISidekiqBusFactoryConfigurator> configure,
        Action<IBusRegistrationConfigurator>? register = null
    )
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddMassTransit(x =>
        {
            register?.Invoke(x);
            x.UsingSidekiq((context, cfg) => configure(context, cfg));
        });
        await using var provider = services.BuildServiceProvider();

        return Assert.Throws<ConfigurationException>(() => provider.GetRequiredService<IBus>()).Message;
    }

    public sealed record Video(string Path);

    sealed class Converter : IJobConsumer<Video>
    {
        public Task Run(JobContext<Video> context) => Task.CompletedTask;
    }

    sealed class ConverterDefinition : ConsumerDefinition<Converter>
    {
        protected override void ConfigureConsumer(
            IReceiveEndpointConfigurator endpointConfigurator,
            IConsumerConfigurator<Converter> consumerConfigurator,
            IRegistrationContext context
        ) => consumerConfigurator.UseSidekiqLimit(limits => limits.Concurrent("converter", 1));
    }

    sealed class Batches : IConsumer<Batch<Video>>, IConsumer<SubmitOrder>
    {
        public Task Consume(ConsumeContext<Batch<Video>> context) => Task.CompletedTask;

        public Task Consume(ConsumeContext<SubmitOrder> context) => Task.CompletedTask;
    }
}
