namespace MassTransit.Sidekiq.Tests;

/// <summary>That a load of numbered messages counts right: what it finds in tests of failovers must be true.</summary>
public sealed class NumberedLoadTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Nothing_acknowledged_is_lost_when_Redis_is_killed_and_reads_its_file_again()
    {
        await using var redis = await RedisServer.StartOwn(new RedisServerOptions { AppendOnly = true });
        using var load = new NumberedLoad();
        await using var bus = await TestBus.Start(redis.Open(), output, load.Register);
        load.Start(bus.Harness.Bus);
        await load.Acknowledged(100);

        await redis.Kill();
        await redis.Restart();
        await load.Acknowledged(100);

        var result = await load.Finish(redis.Open());
        output.WriteLine(result.ToString());
        Assert.Empty(result.Lost);
        Assert.Empty(result.Left);
        Assert.True(result.Acknowledged.Count >= 200, result.ToString());
    }

    [Fact]
    public async Task Messages_that_were_in_a_Redis_without_a_file_when_it_was_killed_are_found_missing()
    {
        await using var redis = await RedisServer.StartOwn();
        using var load = new NumberedLoad();
        await using var bus = await TestBus.Start(redis.Open(), output, load.Register);
        load.Hold();
        load.Start(bus.Harness.Bus);
        await load.Acknowledged(100);
        var killed = TimeProvider.System.GetUtcNow();

        await redis.Kill();
        await redis.Restart();
        await load.Acknowledged(20);
        load.Release();

        var result = await load.Finish(redis.Open());
        output.WriteLine(result.ToString());
        Assert.NotEmpty(result.Lost);
        Assert.Contains(result.Lost, number => result.Acknowledged[number] < killed);
        Assert.Contains(result.Ran.Keys, number => result.Acknowledged.GetValueOrDefault(number) > killed);
    }

    [Fact]
    public async Task Load_ends_by_itself_after_its_last_number()
    {
        await using var redis = await RedisServer.Lease();
        using var load = new NumberedLoad(
            new NumberedLoadOptions { Maximum = 20, Every = TimeSpan.FromMilliseconds(1) }
        );
        await using var bus = await TestBus.Start(redis, output, load.Register);

        load.Start(bus.Harness.Bus);
        await load.Acknowledged(20);

        var result = await load.Finish(redis);
        Assert.Equal(Enumerable.Range(1, 20), result.Acknowledged.Keys.Order());
        Assert.Equal(Enumerable.Range(1, 20), result.Ran.Keys.Order());
        Assert.Empty(result.RanTwice);
    }
}
