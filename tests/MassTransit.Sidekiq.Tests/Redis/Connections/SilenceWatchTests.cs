namespace MassTransit.Sidekiq.Tests.Redis;

public class SilenceWatchTests
{
    [Fact]
    public async Task Silence_is_too_long_only_while_an_answer_is_due()
    {
        await using var server = await RedisServer.StartOwn();
        await using var watched = await server.Connect();
        var watch = new SilenceWatch(TimeSpan.Zero);
        // What the client asks by itself as it connects is answered first.
        await Until(() => Enumerable.Range(0, 20).All(_ => !watch.IsTooLong(watched)));

        server.Pause();
        var answer = watched.GetDatabase().PingAsync();
        await Until(() => watch.IsTooLong(watched));

        server.Resume();
        await answer.InTime();
        await Until(() => Enumerable.Range(0, 20).All(_ => !watch.IsTooLong(watched)));
    }

    [Fact]
    public async Task Silence_within_the_limit_is_borne()
    {
        await using var server = await RedisServer.StartOwn();
        await using var watched = await server.Connect();
        var watch = new SilenceWatch(TimeSpan.FromHours(1));

        server.Pause();
        var answer = watched.GetDatabase().PingAsync();
        Assert.False(watch.IsTooLong(watched));
        Assert.False(watch.IsTooLong(watched));

        server.Resume();
        await answer.InTime();
    }
}
