using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests.Server;

public sealed class OwnSubscriptionsTests
{
    static readonly Uri orders = new("sidekiq://localhost/orders");
    static readonly Uri mails = new("sidekiq://localhost/mails");

    readonly ListLogger log = new();

    [Fact]
    public void Bus_without_endpoints_waits_for_nothing() => Assert.True(new OwnSubscriptions([], log).IsComplete);

    [Fact]
    public async Task Publish_waits_until_the_last_endpoint_has_subscribed()
    {
        var subscriptions = new OwnSubscriptions([orders, mails], log);
        var publishes = new[] { subscriptions.Wait(), subscriptions.Wait() };

        subscriptions.Made(orders);
        Assert.False(subscriptions.IsComplete);
        Assert.All(publishes, publish => Assert.False(publish.IsCompleted));

        subscriptions.Made(mails);
        Assert.True(subscriptions.IsComplete);
        await Task.WhenAll(publishes).InTime();
        Assert.Empty(log.Lines);
    }

    [Fact]
    public async Task Publish_that_comes_when_all_have_subscribed_does_not_wait()
    {
        var subscriptions = new OwnSubscriptions([orders], log);
        subscriptions.Made(orders);

        Assert.True(subscriptions.IsComplete);
        await subscriptions.Wait().InTime();
    }

    [Fact]
    public void Endpoint_that_subscribes_again_or_was_not_expected_stands_for_no_other()
    {
        var subscriptions = new OwnSubscriptions([orders, mails], log);

        subscriptions.Made(orders);
        subscriptions.Made(orders);
        subscriptions.Made(new Uri("sidekiq://localhost/temporary"));

        Assert.False(subscriptions.IsComplete);
    }
}
