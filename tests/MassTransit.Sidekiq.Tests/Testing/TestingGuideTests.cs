using MassTransit.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace MassTransit.Sidekiq.Tests.Testing;

/// <summary>The code of docs/testing.md, as it stands there.</summary>
public sealed class TestingGuideTests
{
    static readonly DateTimeOffset tomorrow = TestClock.Start.AddDays(1);

    [Fact]
    public async Task Paying_an_order_ships_it()
    {
        var builder = Host.CreateApplicationBuilder();
        ConfigureShop(builder.Services); // the application's own AddMassTransit(x => x.UsingSidekiq(…))
        builder.Services.AddSidekiqTestHarness(SidekiqTestMode.Fake);
        using var app = builder.Build();
        await app.StartAsync();
        var jobs = app.Services.GetSidekiqTestHarness();

        await app.Services.GetRequiredService<IBus>().Publish(new OrderPaid(7));
        await jobs.Drain("payments");

        var job = await jobs.Enqueued<ShipOrder>(message => message.OrderId == 7);
        job.OnQueue("shipping").OfClass("Shipping::Worker").WithArgs(7).WithRetry(5).WithTags("vip");

        await app.StopAsync();
    }

    [Fact]
    public async Task Consumers_of_the_guide_run_inline()
    {
        var builder = Host.CreateApplicationBuilder();
        ConfigureShop(builder.Services);
        builder.Services.AddSidekiqTestHarness(SidekiqTestMode.Inline);
        using var app = builder.Build();
        await app.StartAsync();
        var (jobs, bus) = (app.Services.GetSidekiqTestHarness(), app.Services.GetRequiredService<IBus>());

        await bus.Publish(new OrderPaid(7)); // PaymentConsumer has run
        await jobs.Enqueued<ShipOrder>(); // Ruby's queue: no consumer here
        await Assert.ThrowsAsync<InvalidOperationException>(() => bus.Publish(new OrderPaid(-1)));

        await app.StopAsync();
    }

    [Fact]
    public async Task Jobs_of_Ruby_run_as_the_guide_says()
    {
        await using var host = await TestedHost.Start(SidekiqTestMode.Fake, AddShop);
        var jobs = host.Jobs;

        var run = await jobs.RunJob("""{"class":"OrderPaid","queue":"payments","args":[{"orderId":7}]}""");
        run.Succeeded();

        run = await jobs.RunJob("""{"class":"OrderPaid","queue":"payments","args":[{"orderId":-1}],"retry":3}""");
        run.Ended(SidekiqOutcome.Retried);
        Assert.Equal("There is no order -1.", run.Stored!.ErrorMessage);
    }

    [Fact]
    public async Task Scheduled_jobs_run_as_the_guide_says()
    {
        await using var host = await TestedHost.Start(SidekiqTestMode.Fake, AddShop);
        var jobs = host.Jobs;
        await using var scope = host.Services.CreateAsyncScope();
        var scheduler = scope.ServiceProvider.GetRequiredService<IMessageScheduler>();

        await scheduler.ScheduleSend(new Uri("queue:payments"), tomorrow.UtcDateTime, new OrderPaid(7));

        (await jobs.Enqueued<OrderPaid>()).DueAt(tomorrow);
        await jobs.RunScheduled(dueBy: tomorrow.AddMinutes(1));
        await jobs.Enqueued<ShipOrder>();
    }

    [Fact]
    public async Task Jobs_in_Redis_run_as_the_guide_says()
    {
        await using var redis = await RedisServer.Lease();
        await using var host = await TestedHost.Start(SidekiqTestMode.Redis, AddShop, (_, cfg) => cfg.Host(redis.Url));
        var (jobs, bus) = (host.Jobs, host.Bus);

        await bus.Publish(new OrderPaid(7)); // waits in queue:payments, where Ruby sees it as well
        await jobs.Drain("payments");
        await jobs.Enqueued<ShipOrder>();
    }

    static void ConfigureShop(IServiceCollection services) =>
        services.AddMassTransit(x =>
        {
            AddShop(x);
            x.UsingSidekiq((context, cfg) => cfg.ConfigureEndpoints(context));
        });

    static void AddShop(IBusRegistrationConfigurator x) =>
        x.AddConsumer<PaymentConsumer>().Endpoint(endpoint => endpoint.Name = "payments");

    [SidekiqJob("OrderPaid")]
    public sealed record OrderPaid(int OrderId);

    [SidekiqJob("Shipping::Worker", Args = SidekiqArgs.Positional, Retry = 5, Tags = ["vip"])]
    public sealed record ShipOrder(int OrderId);

    public sealed class PaymentConsumer : IConsumer<OrderPaid>
    {
        public Task Consume(ConsumeContext<OrderPaid> context) =>
            context.Message.OrderId < 0
                ? throw new InvalidOperationException($"There is no order {context.Message.OrderId}.")
                : context.Send(new Uri("queue:shipping"), new ShipOrder(context.Message.OrderId));
    }
}
