namespace MassTransit.Sidekiq.Tests.Redis;

public class WriteRefusalsTests
{
    [Fact]
    public async Task Sender_without_an_endpoint_hears_that_Redis_is_full_and_that_it_is_not()
    {
        await using var server = await RedisServer.StartOwn();
        await using var steps = RedisSteps.On(server);
        await server.Open().Db.ExecuteAsync("CONFIG", "SET", "maxmemory", "1");
        await Assert.ThrowsAsync<ConnectionException>(() => steps.Topics.Publish(Publication())).InTime();
        await server.Open().Db.ExecuteAsync("CONFIG", "SET", "maxmemory", "0");

        await Until(async () =>
        {
            await steps.Topics.Publish(Publication());
            return steps.Log.Lines.Length == 2;
        });

        Assert.Contains("takes no writes now (OOM", steps.Log.Lines[0], StringComparison.Ordinal);
        Assert.Contains("takes writes again", steps.Log.Lines[1], StringComparison.Ordinal);
        Assert.Null(steps.Connection.Refusals.Code);
    }

    static PublishRequest Publication() =>
        new()
        {
            Entities = ["Shop:Ordered"],
            Static = [("orders", "A")],
            Class = "A",
            MessageId = Guid.NewGuid(),
            Template = new JobTemplate([], [], []),
        };
}
