using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests.Server;

public sealed class TemporaryQueuesTests : IAsyncLifetime
{
    static readonly Uri answers = new("sidekiq://localhost/answers?temporary=true");

    readonly Seen<string> subscribed = new();
    RedisSteps steps = null!;
    TemporaryQueues queues = null!;

    public async ValueTask InitializeAsync()
    {
        steps = await RedisSteps.Open();
        queues = new TemporaryQueues(steps.Topics, new Dictionary<Uri, string> { [answers] = "answers" });
    }

    public ValueTask DisposeAsync() => steps.DisposeAsync();

    [Fact]
    public async Task Queue_lives_from_the_moment_it_is_kept_and_for_a_minute_more_with_each_renewal()
    {
        await Keep("bus");
        Assert.InRange(await Life("bus"), TimeSpan.FromSeconds(50), RedisSteps.Life);
        await steps.Redis.Db.KeyExpireAsync("mt:temporary:bus", TimeSpan.FromSeconds(5));

        await queues.Renew();

        Assert.InRange(await Life("bus"), TimeSpan.FromSeconds(50), RedisSteps.Life);
        Assert.Empty(subscribed.All);
    }

    [Fact]
    public async Task Queue_that_ended_meanwhile_subscribes_again_and_the_others_do_not()
    {
        await Keep("one");
        await Keep("two");
        await steps.Redis.Db.KeyDeleteAsync("mt:temporary:one");

        await queues.Renew();
        await queues.Renew();

        Assert.Equal(["one"], subscribed.All);
        Assert.NotEqual(TimeSpan.Zero, await Life("one"));
    }

    [Fact]
    public async Task Queue_that_was_removed_is_gone_with_its_subscriptions_and_is_not_renewed()
    {
        await Keep("bus");
        await steps.Topics.Subscribe(["Shop:Ordered"], "bus", RedisKeys.TemporarySubscriber);

        await queues.Remove("bus", ["Shop:Ordered"]);
        await queues.Renew();

        Assert.Equal(["mt:temporaries"], await steps.Redis.Keys());
        Assert.Empty(subscribed.All);
    }

    [Fact]
    public async Task Renewal_asks_Redis_nothing_while_there_is_no_queue()
    {
        await queues.Renew();

        Assert.True(await steps.Redis.IsEmpty());
    }

    [Fact]
    public async Task Answer_that_is_expected_finds_its_queue_before_anybody_keeps_it()
    {
        await queues.Expect(answers);

        Assert.NotEqual(TimeSpan.Zero, await Life("answers"));
    }

    [Fact]
    public async Task Queue_that_is_kept_already_is_not_asked_for_again()
    {
        await Keep("answers");
        await steps.Redis.Db.KeyDeleteAsync("mt:temporary:answers");

        Assert.True(queues.Expect(answers).IsCompletedSuccessfully);

        Assert.Equal(TimeSpan.Zero, await Life("answers"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("sidekiq://localhost/elsewhere?temporary=true")]
    [InlineData("queue:answers")]
    public async Task Answer_to_another_address_needs_no_queue_of_ours(string? address)
    {
        Assert.True(queues.Expect(address is null ? null : new Uri(address)).IsCompletedSuccessfully);

        Assert.True(await steps.Redis.IsEmpty());
    }

    Task Keep(string queue) =>
        queues.Keep(
            queue,
            () =>
            {
                subscribed.Add(queue);
                return Task.CompletedTask;
            }
        );

    async Task<TimeSpan> Life(string queue) =>
        await steps.Redis.Db.KeyTimeToLiveAsync($"mt:temporary:{queue}") ?? TimeSpan.Zero;
}
