using MassTransit.Sidekiq.Outbox.Tests.Contracts;
using MassTransit.Testing;

namespace MassTransit.Sidekiq.Outbox.Tests;

// The outbox of docs/testing.md, as it stands there, and what a harness does with it beside.
public sealed class TestingGuideTests
{
    [Theory, InlineData(SidekiqTestMode.Fake), InlineData(SidekiqTestMode.Redis)]
    public async Task Staged_jobs_are_seen_and_drained_as_the_guide_says(SidekiqTestMode mode)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        await using var host = await Start(database, redis, mode);
        var jobs = host.Services.GetSidekiqTestHarness();

        await host.InScope(
            async (orders, _, sender) =>
            {
                await sender.Send("billing", new MakeInvoice(Guid.NewGuid(), 12.5m));
                Assert.Empty(await jobs.Staged());

                await orders.SaveChangesAsync();

                Assert.Empty(await jobs.Jobs());
                var staged = Assert.Single(await jobs.Staged());
                staged.OnQueue("billing").OfClass("Billing::InvoiceWorker");
                await jobs.DrainOutbox();
                await jobs.Enqueued<MakeInvoice>();
                Assert.Empty(await jobs.Staged());
            }
        );
    }

    [Theory, InlineData(SidekiqTestMode.Fake), InlineData(SidekiqTestMode.Inline)]
    public async Task Drain_sends_what_is_staged_and_runs_it_and_what_it_stages(SidekiqTestMode mode)
    {
        var seen = new List<int>();
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        await using var host = await Start(
            database,
            redis,
            mode,
            endpoint =>
            {
                endpoint.Handler<ShipOrder>(context =>
                {
                    seen.Add(context.Message.Step);
                    return Task.CompletedTask;
                });
            }
        );
        var jobs = host.Services.GetSidekiqTestHarness();
        await Stage(host, 1);

        await jobs.Drain();
        Assert.Equal([1], seen);
        await Stage(host, 2);
        await host.Drained();
        await jobs.Drain();

        Assert.Equal([1, 2], seen);
    }

    // The outbox has done its part: the failure is the consumer's.
    [Fact]
    public async Task Inline_failure_of_a_consumer_is_thrown_by_the_drain_and_sets_nothing_aside()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Sqlite);
        await using var host = await Start(
            database,
            redis,
            SidekiqTestMode.Inline,
            endpoint => endpoint.Handler<ShipOrder>(_ => throw new InvalidOperationException("No ship."))
        );
        await Stage(host, 1);

        var failure = await Assert.ThrowsAsync<SidekiqTestException>(() =>
            host.Services.GetSidekiqTestHarness().DrainOutbox()
        );

        Assert.Equal("No ship.", failure.InnerException!.Message);
        Assert.Equal(0, (await host.Outbox.Count(TestContext.Current.CancellationToken)).SetAside);
    }

    static Task<OutboxHost> Start(
        TestDatabase database,
        RedisDatabase redis,
        SidekiqTestMode mode,
        Action<IReceiveEndpointConfigurator>? endpoint = null
    ) =>
        OutboxHost.Start(
            database,
            redis.Url,
            new OutboxHostOptions
            {
                Services = services => services.AddSidekiqTestHarness(mode),
                Bus = (_, cfg) =>
                {
                    if (endpoint is not null)
                    {
                        cfg.ReceiveEndpoint("shipping", endpoint);
                    }
                },
            }
        );

    static Task Stage(OutboxHost host, int step) =>
        host.InScope(
            async (orders, _, sender) =>
            {
                await sender.Send("shipping", new ShipOrder(Guid.NewGuid(), step));
                await orders.SaveChangesAsync();
            }
        );
}
