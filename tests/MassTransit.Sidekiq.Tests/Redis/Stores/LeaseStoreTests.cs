namespace MassTransit.Sidekiq.Tests.Redis;

public class LeaseStoreTests
{
    [Fact]
    public async Task Lease_is_there_for_its_time_and_its_owner_is_known()
    {
        await using var steps = await RedisSteps.Open();

        steps.Leases.Own("orders", "mail");
        Assert.False(await steps.Leases.Renew(RedisSteps.Life));
        Assert.True(await steps.Leases.Renew(RedisSteps.Life));

        var life = await steps.Redis.Db.KeyTimeToLiveAsync("mt:alive:host:1:a");
        Assert.InRange(life!.Value, TimeSpan.FromSeconds(50), RedisSteps.Life);
        Assert.Equal(["host:1:a|mail", "host:1:a|orders"], await Owners(steps));
    }

    [Fact]
    public async Task Only_owners_without_a_lease_are_orphans()
    {
        await using var steps = await RedisSteps.Open(prefix: "myapp:");
        var other = steps.Another();
        await steps.Alive("orders", "odd|name");
        await other.Alive("orders");

        Assert.Empty((await other.Watch.Look()).Orphans);
        await steps.Die();

        var orphans = (await other.Watch.Look()).Orphans;
        Assert.Equal(
            [new Orphan("host:1:a", "odd|name"), new Orphan("host:1:a", "orders")],
            orphans.OrderBy(orphan => orphan.Queue, StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task Renewal_registers_again_a_process_that_a_rescuer_forgot()
    {
        await using var steps = await RedisSteps.Open();
        var rescuer = steps.Another();
        await steps.Alive("orders");
        await steps.Die();
        await rescuer.Leases.Rescue(new Orphan("host:1:a", "orders"), RedisSteps.Now);
        Assert.Empty(await Owners(steps));

        Assert.False(await steps.Leases.Renew(RedisSteps.Life));

        Assert.Equal(["host:1:a|orders"], await Owners(steps));
    }

    [Fact]
    public async Task Clean_stop_leaves_no_trace()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Alive("orders", "mail");

        Assert.Equal(0, await steps.Leases.Release());

        Assert.True(await steps.Redis.IsEmpty());
    }

    [Fact]
    public async Task What_is_left_at_a_stop_can_be_rescued_at_once()
    {
        await using var steps = await RedisSteps.Open();
        var rescuer = steps.Another();
        await steps.Alive("orders", "mail", "landed");
        await steps.Redis.SeedQueue("orders", "1");
        await steps.Claim(1, "orders");
        await steps.Redis.Db.ListLeftPushAsync(steps.Keys.Queue("landed").Landing, "2");

        Assert.Equal(2, await steps.Leases.Release());

        var orphans = (await rescuer.Watch.Look()).Orphans;
        Assert.Equal(["landed", "orders"], orphans.Select(orphan => orphan.Queue).Order());
    }

    [Fact]
    public async Task Endpoint_that_stops_gives_up_its_queue_and_the_process_lives_on()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Alive("orders", "mail");

        Assert.Equal(0, await steps.Leases.Disown("mail"));
        Assert.True(await steps.Leases.Renew(RedisSteps.Life));

        Assert.Equal(["host:1:a|orders"], await Owners(steps));
    }

    [Fact]
    public async Task Queue_with_claims_stays_registered()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Alive("orders");
        await steps.Redis.SeedQueue("orders", "1");
        await steps.Claim(1, "orders");

        Assert.Equal(1, await steps.Leases.Disown("orders"));

        Assert.Equal(["host:1:a|orders"], await Owners(steps));
    }

    static async Task<string[]> Owners(RedisSteps steps)
    {
        var owners = await steps.Redis.Db.SetMembersAsync(steps.Keys.Owners);
        return [.. owners.Select(owner => owner.ToString()).Order(StringComparer.Ordinal)];
    }
}
