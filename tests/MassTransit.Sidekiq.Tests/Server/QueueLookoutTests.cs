using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests.Server;

public sealed class QueueLookoutTests
{
    [Fact]
    public async Task Queue_that_has_a_job_is_told_and_one_that_has_none_is_not()
    {
        await using var steps = await RedisSteps.Open();
        await using var lookout = new QueueLookout(steps.Claims);
        await steps.Redis.SeedQueue("orders", "job");

        var (orders, mails) = (lookout.Filled("orders"), lookout.Filled("mails"));

        await orders.InTime();
        Assert.False(mails.IsCompleted);
    }

    [Fact]
    public async Task Job_that_comes_later_is_seen()
    {
        await using var steps = await RedisSteps.Open();
        await using var lookout = new QueueLookout(steps.Claims);
        var orders = lookout.Filled("orders");
        Assert.False(orders.IsCompleted);

        await steps.Redis.SeedQueue("orders", "job");

        await orders.InTime();
    }

    [Fact]
    public async Task All_who_ask_for_a_queue_wait_for_the_same()
    {
        await using var steps = await RedisSteps.Open();
        await using var lookout = new QueueLookout(steps.Claims);

        Assert.Same(lookout.Filled("orders"), lookout.Filled("orders"));
    }

    [Fact]
    public async Task Queue_is_looked_at_for_as_often_as_somebody_asks()
    {
        await using var steps = await RedisSteps.Open();
        await using var lookout = new QueueLookout(steps.Claims);
        await steps.Redis.SeedQueue("orders", "job");

        await lookout.Filled("orders").InTime();
        await lookout.Filled("orders").InTime();
    }

    [Fact]
    public async Task Look_that_Redis_fails_is_left_to_the_claims_to_find_out()
    {
        await using var steps = await RedisSteps.Open();
        await using var lookout = new QueueLookout(steps.Claims);
        await steps.Connection.DisposeAsync();

        await Task.WhenAll(lookout.Filled("orders"), lookout.Filled("mails")).InTime();
    }

    [Fact]
    public async Task End_of_the_lookout_lets_all_go()
    {
        await using var steps = await RedisSteps.Open();
        var lookout = new QueueLookout(steps.Claims);
        var waits = new[] { lookout.Filled("orders"), lookout.Filled("mails") };

        await lookout.DisposeAsync().AsTask().InTime();

        await Task.WhenAll(waits).InTime();
    }

    [Fact]
    public async Task Lookout_that_nobody_asked_can_end() =>
        await new QueueLookout(null!).DisposeAsync().AsTask().InTime();
}
