using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests.Redis;

public sealed class PushLaneTests : IAsyncLifetime
{
    RedisServer server = null!;
    RedisConnection connection = null!;
    JobStore jobs = null!;

    IDatabase Db => server.Open().Db;

    public async ValueTask InitializeAsync()
    {
        server = await RedisServer.StartOwn();
        var settings = RedisSteps.SettingsFor(server.Open());
        connection = new RedisConnection(settings, NullLogger.Instance, TimeProvider.System);
        jobs = new JobStore(connection, new RedisKeys("", "host:1:abc"));
        await Push("warm", 0);
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        await connection.DisposeAsync();
    }

    [Fact]
    public async Task Pushes_that_come_while_one_is_under_way_go_together_and_in_order()
    {
        await Db.ExecuteAsync("CONFIG", "RESETSTAT");
        await WhileRedisIsSilent(() => Enumerable.Range(0, 500).Select(number => Push("orders", number)));

        Assert.Equal(Enumerable.Range(0, 500).Select(number => $"{number}"), await server.Open().Queue("orders"));
        Assert.Equal(["orders", "warm"], await server.Open().Queues());
        Assert.Contains(
            "cmdstat_lpush:calls=2,",
            (string)(await Db.ExecuteAsync("INFO", "commandstats"))!,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_full_batch_does_not_wait_and_keeps_its_place()
    {
        await WhileRedisIsSilent(() => Enumerable.Range(0, 2500).Select(number => Push("orders", number)));

        Assert.Equal(Enumerable.Range(0, 2500).Select(number => $"{number}"), await server.Open().Queue("orders"));
    }

    [Fact]
    public async Task A_refusal_reaches_each_push_of_its_batch_and_the_next_push_works()
    {
        await Db.StringSetAsync("queue:orders", "no list");
        Task[] pushes = [];
        await Assert.ThrowsAnyAsync<Exception>(() =>
            WhileRedisIsSilent(() => pushes = [.. Enumerable.Range(0, 3).Select(number => Push("orders", number))])
        );

        Assert.All(pushes, push => Assert.Contains("WRONGTYPE", $"{push.Exception}", StringComparison.Ordinal));

        await Db.KeyDeleteAsync("queue:orders");
        await Push("orders", 7);
        Assert.Equal(["7"], await server.Open().Queue("orders"));
    }

    Task Push(string queue, int number) => jobs.Push(queue, Encoding.UTF8.GetBytes($"{number}"));

    async Task WhileRedisIsSilent(Func<IEnumerable<Task>> begin)
    {
        server.Pause();
        Task[] begun = [.. begin()];
        server.Resume();
        await Task.WhenAll(begun);
    }
}
