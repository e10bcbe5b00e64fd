using System.Diagnostics;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests.Assumptions;

/// <summary>What a server that dies, freezes, restarts or refuses looks like to its clients.</summary>
public class OwnRedisServerTests
{
    [Fact]
    public async Task Server_that_restarts_on_its_port_finds_its_data_again_with_an_append_only_file()
    {
        await using var server = await RedisServer.StartOwn(new RedisServerOptions { AppendOnly = true });
        await server.Open().SeedQueue("orders", "a", "b");
        var port = server.Port;

        await server.Kill();
        await server.Restart();

        Assert.Equal(port, server.Port);
        Assert.Equal(["a", "b"], await server.Open().Queue("orders"));
    }

    [Fact]
    public async Task Blocking_wait_fails_at_once_when_the_server_dies()
    {
        await using var server = await RedisServer.StartOwn();
        using var waiting = await server.Connect();
        var moved = waiting.GetDatabase(0).ExecuteAsync("BLMOVE", "queue:orders", "landing", "RIGHT", "LEFT", "30");
        await Until(async () => (await server.Clients()).Contains("cmd=blmove", StringComparison.Ordinal));

        await server.Kill();

        await Assert.ThrowsAsync<RedisConnectionException>(() => moved.InTime());
    }

    [Fact]
    public async Task Frozen_server_answers_what_it_was_asked_once_it_goes_on()
    {
        await using var server = await RedisServer.StartOwn();
        var redis = server.Open();

        server.Pause();
        var length = redis.Db.ListLengthAsync("queue:orders");
        Assert.False(length.IsCompleted);
        server.Resume();

        Assert.Equal(0, await length.InTime());
    }

    [Fact]
    public async Task User_is_refused_by_name_what_its_access_list_does_not_allow()
    {
        var options = new RedisServerOptions { Password = "root", Users = ["alice on >secret ~queue:* +@all"] };
        await using var server = await RedisServer.StartOwn(options);
        var redis = server.Open().Db;

        await redis.ExecuteAsync("AUTH", "alice", "secret");
        var refused = await Assert.ThrowsAsync<RedisServerException>(() => redis.ExecuteAsync("GET", "stat:processed"));

        Assert.StartsWith("NOPERM", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_and_its_folder_are_gone_when_its_test_is_over()
    {
        var server = await RedisServer.StartOwn();
        var process = Process.GetProcessById(server.ProcessId);

        await server.DisposeAsync();

        Assert.True(process.HasExited);
        Assert.False(Directory.Exists(server.Folder));
    }
}
