using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests;

/// <summary>The code of docs/limits.md, as it stands there.</summary>
public sealed class LimitGuideTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Limits_of_the_guide_are_asked_and_seen_as_it_says()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<ChargeCard>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            register: x =>
            {
                x.AddSingleton(seen);
                x.AddConsumer<ChargeCardConsumer, ChargeCardConsumerDefinition>();
            },
            configure: (context, cfg) =>
            {
                cfg.ReceiveEndpoint(
                    "payments",
                    e =>
                    {
                        e.UseSidekiqLimit(limits =>
                        {
                            limits.Concurrent("stripe", 5);
                            limits.Window("stripe-rate", 100, TimeSpan.FromSeconds(1)).By<ChargeCard>(m => m.TenantId);
                        });
                        e.ConfigureConsumer<ChargeCardConsumer>(context);
                    }
                );
            }
        );

        await bus.Send("payments", new ChargeCard("ada", 5));
        Assert.Equal("ada", (await seen.Next()).TenantId);

        var inspector = bus.Services.GetRequiredService<ISidekiqInspector>();
        foreach (var limit in await inspector.Limits(CancellationToken.None))
        {
            foreach (var use in limit.Uses)
            {
                output.WriteLine($"{limit.Name} {use.Key}: {use.Used} of {limit.Most}, {use.Waiting} jobs wait");
            }
        }

        Assert.Equal(
            ["charges", "stripe", "stripe-rate"],
            (await inspector.Limits(CancellationToken.None)).Select(limit => limit.Name)
        );
    }

    public sealed record ChargeCard(string TenantId, decimal Amount);

    sealed class ChargeCardConsumer(Seen<ChargeCard> seen) : IConsumer<ChargeCard>
    {
        public Task Consume(ConsumeContext<ChargeCard> context)
        {
            seen.Add(context.Message);
            return Task.CompletedTask;
        }
    }

    sealed class ChargeCardConsumerDefinition : ConsumerDefinition<ChargeCardConsumer>
    {
        protected override void ConfigureConsumer(
            IReceiveEndpointConfigurator endpointConfigurator,
            IConsumerConfigurator<ChargeCardConsumer> consumerConfigurator,
            IRegistrationContext context
        ) => consumerConfigurator.UseSidekiqLimit(x => x.Bucket("charges", 1000, TimeSpan.FromHours(1)));
    }
}
