using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests.Server;

public sealed class LeaseKeeperTests : IAsyncLifetime
{
    static readonly TimeSpan lease = TimeSpan.FromSeconds(15);
    static readonly Uri orders = new("sidekiq://localhost/orders");
    static readonly Uri mails = new("sidekiq://localhost/mails");

    readonly FakeClock clock = new();
    readonly Seen<Uri> subscribed = new();
    RedisSteps steps = null!;
    TemporaryQueues temporary = null!;
    LeaseKeeper keeper = null!;

    public async ValueTask InitializeAsync()
    {
        steps = await RedisSteps.Open();
        temporary = new TemporaryQueues(steps.Topics, new Dictionary<Uri, string>());
        keeper = new LeaseKeeper(steps.Connection, steps.Leases, temporary, lease, clock);
    }

    public async ValueTask DisposeAsync()
    {
        await keeper.Loop.DisposeAsync();
        await steps.DisposeAsync();
    }

    [Fact]
    public async Task Lease_is_taken_and_renewed_for_its_time()
    {
        await keeper.Renew();
        Assert.InRange(await Life(), lease - TimeSpan.FromSeconds(5), lease);
        await steps.Redis.Db.KeyExpireAsync(steps.Keys.Alive, TimeSpan.FromSeconds(2));

        await keeper.Renew();

        Assert.InRange(await Life(), lease - TimeSpan.FromSeconds(5), lease);
    }

    [Fact]
    public async Task First_lease_of_a_process_declares_nothing_for_nobody_is_there_yet()
    {
        await keeper.Renew();

        Assert.Equal(0, steps.Connection.Epoch);
    }

    [Fact]
    public async Task Lease_that_goes_on_declares_nothing_anew()
    {
        await keeper.Renew();
        Keep(orders);

        await keeper.Renew();

        Assert.Empty(subscribed.All);
        Assert.Equal(0, steps.Connection.Epoch);
    }

    [Fact]
    public async Task Lease_that_is_gone_makes_all_subscribe_again_and_is_a_new_epoch()
    {
        await keeper.Renew();
        Keep(orders);
        Keep(mails);
        await steps.Redis.Flush();

        await keeper.Renew();
        Assert.Equal([mails, orders], subscribed.All.OrderBy(endpoint => endpoint.ToString(), StringComparer.Ordinal));
        Assert.Equal(1, steps.Connection.Epoch);

        await keeper.Renew();
        Assert.Equal(2, subscribed.All.Count);
        Assert.Equal(1, steps.Connection.Epoch);
    }

    [Fact]
    public async Task Endpoint_that_has_left_subscribes_no_more()
    {
        await keeper.Renew();
        Keep(orders);
        Keep(mails);
        keeper.RemoveSubscriber(orders);
        keeper.RemoveSubscriber(orders);
        await steps.Die();

        await keeper.Renew();

        Assert.Equal([mails], subscribed.All);
    }

    [Fact]
    public async Task Endpoint_that_comes_again_takes_its_own_place()
    {
        await keeper.Renew();
        keeper.KeepSubscribed(orders, () => throw new InvalidOperationException("the former one"));
        Keep(orders);
        await steps.Die();

        await keeper.Renew();

        Assert.Equal([orders], subscribed.All);
    }

    [Fact]
    public async Task Each_tenth_of_the_lease_it_is_renewed_and_each_fifth_the_temporary_queues()
    {
        await temporary.Keep(
            "bus",
            () =>
            {
                subscribed.Add(orders);
                return Task.CompletedTask;
            }
        );
        keeper.Loop.Start();
        await clock.Armed().InTime();
        Assert.Empty(subscribed.All);
        await steps.Redis.Flush();

        clock.Advance((lease / 10) - TimeSpan.FromTicks(1));
        Assert.True(clock.Armed().IsCompleted);
        clock.Advance(TimeSpan.FromTicks(1));
        await Until(async () => await steps.Redis.Db.KeyExistsAsync(steps.Keys.Alive));
        await clock.Armed().InTime();
        Assert.Empty(subscribed.All);
        clock.Advance(lease / 10);
        await subscribed.Next();

        Assert.Equal(["mt:alive:host:1:a", "mt:temporaries", "mt:temporary:bus"], await steps.Redis.Keys());
    }

    void Keep(Uri endpoint) =>
        keeper.KeepSubscribed(
            endpoint,
            () =>
            {
                subscribed.Add(endpoint);
                return Task.CompletedTask;
            }
        );

    async Task<TimeSpan> Life() => await steps.Redis.Db.KeyTimeToLiveAsync(steps.Keys.Alive) ?? TimeSpan.Zero;
}
