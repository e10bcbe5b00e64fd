namespace MassTransit.Sidekiq.Tests;

public sealed class ConnectionOfTheUserTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Bus_sends_and_consumes_on_a_connection_of_the_users_own_and_leaves_it_open()
    {
        await using var redis = await RedisServer.Lease();
        using var connection = await redis.Connect();
        var seen = new Seen<SubmitOrder>();

        await using (
            var bus = await TestBus.Start(
                redis,
                output,
                configure: (_, cfg) =>
                {
                    cfg.Host(host => host.UseConnection(connection));
                    cfg.ReceiveEndpoint("orders", e => e.Note(seen));
                }
            )
        )
        {
            await bus.Harness.Bus.Publish(new SubmitOrder(5));

            Assert.Equal(5, (await seen.Next()).OrderId);
        }

        Assert.True(connection.IsConnected);
        Assert.True(await connection.GetDatabase(redis.Database).StringSetAsync("still", "open"));
    }
}
