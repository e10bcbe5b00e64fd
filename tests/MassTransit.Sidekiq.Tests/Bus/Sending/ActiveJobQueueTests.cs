using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests;

/// <summary>Rails enqueues a retry to the queue that stands inside an ActiveJob, so it is the one that the job is in.</summary>
public sealed class ActiveJobQueueTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Queue_inside_an_ActiveJob_is_the_queue_that_it_is_sent_to()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);

        await bus.Send("mail_x", new Nightly(1));
        await bus.Send("other", new Plain(1, "a"));

        Assert.Equal("mail_x", Inside(Assert.Single(await redis.Queue("mail_x"))));
        Assert.Equal("other", Inside(Assert.Single(await redis.Queue("other"))));
    }

    [Fact]
    public async Task Each_copy_of_a_published_ActiveJob_names_its_own_queue()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.HashSetAsync("mt:topic:MassTransit.Sidekiq.Tests:ActiveJobQueueTests-Nightly", "one", "");
        await redis.Db.HashSetAsync(
            "mt:topic:MassTransit.Sidekiq.Tests:ActiveJobQueueTests-Nightly",
            "two|Shop::Two",
            ""
        );
        await using var bus = await TestBus.Start(redis, output);

        await bus.Harness.Bus.Publish(new Nightly(1));

        foreach (var queue in new[] { "low", "one", "two" })
        {
            Assert.Equal(queue, Inside(Assert.Single(await redis.Queue(queue))));
        }
    }

    [Fact]
    public async Task Scheduled_ActiveJob_names_its_queue()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);
        await using var scope = bus.Services.CreateAsyncScope();
        var scheduler = scope.ServiceProvider.GetRequiredService<IMessageScheduler>();

        await scheduler.ScheduleSend(new Uri("queue:later"), TimeSpan.FromHours(1), new Nightly(1));

        Assert.Equal("later", Inside(Assert.Single(await redis.ScheduledSet()).Job));
    }

    static string? Inside(string job)
    {
        var (fields, argument) = (JsonElement.Parse(job), JsonElement.Parse(job).GetProperty("args")[0]);
        Assert.Equal(fields.GetProperty("queue").GetString(), argument.GetProperty("queue_name").GetString());
        return argument.GetProperty("queue_name").GetString();
    }

    [SidekiqJob("Reports::Nightly", Queue = "low", Args = SidekiqArgs.ActiveJob)]
    public sealed record Nightly(int Year);

    [SidekiqJob("Reports::Plain", Args = SidekiqArgs.ActiveJobPositional)]
    public sealed record Plain(int Year, string Format);
}
