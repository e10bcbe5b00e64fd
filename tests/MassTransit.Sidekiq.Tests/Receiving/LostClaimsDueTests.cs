using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests.Receiving;

/// <summary>How often, and for how long, claims whose answer was lost are looked for.</summary>
public sealed class LostClaimsDueTests
{
    static readonly TimeSpan interval = TimeSpan.FromSeconds(5);

    readonly FakeClock clock = new();

    [Fact]
    public async Task Lost_claim_is_looked_for_at_once_and_then_every_five_seconds_for_half_a_minute()
    {
        await using var steps = await RedisSteps.Open();
        var lost = Lost(steps);
        Assert.Null(lost.DueIn);
        lost.Add(first: 1, count: 3);

        for (var second = 0; second <= 30; second += 5)
        {
            Assert.True(lost.IsDue);
            await lost.PutBack();
            Assert.Equal(interval, lost.DueIn);
            clock.Advance(interval);
        }

        await lost.PutBack();
        Assert.Null(lost.DueIn);
        Assert.False(lost.IsDue);
    }

    [Fact]
    public async Task Next_look_is_as_far_away_as_is_left_of_the_five_seconds()
    {
        await using var steps = await RedisSteps.Open();
        var lost = Lost(steps);
        lost.Add(first: 1, count: 1);
        await lost.PutBack();

        clock.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal(TimeSpan.FromSeconds(2), lost.DueIn);
        Assert.False(lost.IsDue);
    }

    [Fact]
    public async Task Claim_that_is_lost_meanwhile_is_looked_for_at_once()
    {
        await using var steps = await RedisSteps.Open();
        var lost = Lost(steps);
        lost.Add(first: 1, count: 1);
        await lost.PutBack();

        lost.Add(first: 5, count: 1);

        Assert.True(lost.IsDue);
    }

    [Fact]
    public async Task Claim_of_nothing_cannot_be_lost()
    {
        await using var steps = await RedisSteps.Open();
        var lost = Lost(steps);

        lost.Add(first: 1, count: 0);

        Assert.Null(lost.DueIn);
    }

    [Fact]
    public async Task Job_that_a_late_claim_took_is_back_in_its_place_after_the_next_look()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Alive("orders", "mails");
        await steps.Redis.SeedQueue("mails", "first", "second", "third");
        var lost = Lost(steps);
        var request = steps.Request(2, "orders", "mails");
        lost.Add(request.FirstNumber, request.Count);
        await lost.PutBack();

        // It comes out of the buffer of a dying connection.
        await steps.Claims.Claim(request);
        clock.Advance(interval);
        await lost.PutBack();

        Assert.Equal(["first", "second", "third"], await steps.Redis.Queue("mails"));
    }

    LostClaims Lost(RedisSteps steps) => new(steps.Claims, ["orders", "mails"], clock);
}
