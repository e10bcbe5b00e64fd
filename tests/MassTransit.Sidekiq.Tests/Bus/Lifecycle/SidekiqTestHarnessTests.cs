using MassTransit.Testing;

namespace MassTransit.Sidekiq.Tests;

public sealed class SidekiqTestHarnessTests
{
    [Fact]
    public async Task Harness_without_a_container_runs_a_consumer_on_a_purged_queue()
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("input_queue", """{"class":"Left::Over","args":[]}""");
        var harness = new SidekiqTestHarness
        {
            HostAddress = new Uri(redis.Url),
            TestInactivityTimeout = Eventually.Guard,
        };
        var prefixed = false;
        harness.OnConfigureSidekiqHost += host => host.ClientName = "harness";
        harness.OnConfigureSidekiqReceiveEndpoint += _ => prefixed = true;
        var consumer = harness.Consumer<BusTests.OrderConsumer>();

        await harness.Start(TestContext.Current.CancellationToken).InTime();
        try
        {
            await harness.InputQueueSendEndpoint.Send(new SubmitOrder(4));
            var answer = await harness
                .CreateRequestClient<SubmitOrder>()
                .GetResponse<OrderAccepted>(new SubmitOrder(5))
                .InTime();

            Assert.Equal(5, answer.Message.OrderId);
            Assert.True(await consumer.Consumed.Any<SubmitOrder>(order => order.Context.Message.OrderId == 4));
            Assert.True(await harness.Sent.Any<OrderAccepted>());
            Assert.True(prefixed);
            Assert.StartsWith("sidekiq://", harness.InputQueueAddress.ToString(), StringComparison.Ordinal);
            Assert.Empty(await redis.RetrySet());
        }
        finally
        {
            await harness.Stop();
            harness.Dispose();
        }
    }
}
