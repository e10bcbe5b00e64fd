using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests.Receiving;

public class LostClaimsTests
{
    [Fact]
    public async Task Job_that_is_not_wanted_returns_to_the_head_once_and_is_forgotten()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Alive("orders");
        await steps.Redis.SeedQueue("orders", "first", "second");
        var claimed = Assert.Single((await steps.Claim(1, "orders")).Jobs);
        var lost = Lost(steps);

        await lost.PutBack("orders", claimed.Number);

        Assert.Equal(["first", "second"], (await steps.Claim(2, "orders")).Texts());
        Assert.False(lost.IsDue);
    }

    [Fact]
    public async Task Job_that_cannot_be_put_back_now_is_remembered_until_Redis_answers()
    {
        await using var server = await RedisServer.StartOwn(new RedisServerOptions { AppendOnly = true });
        await using var steps = RedisSteps.On(server);
        await steps.Alive("orders");
        await steps.Redis.SeedQueue("orders", "job");
        var claimed = Assert.Single((await steps.Claim(1, "orders")).Jobs);
        var lost = Lost(steps);

        await server.Kill();
        await lost.PutBack("orders", claimed.Number);
        Assert.True(lost.IsDue);
        await server.Restart();
        await steps.Connection.Connected(TestContext.Current.CancellationToken).InTime();
        await lost.PutBack();

        Assert.Equal(["job"], await steps.Redis.Queue("orders"));
    }

    static LostClaims Lost(RedisSteps steps) => new(steps.Claims, ["orders"], new FakeClock(RedisSteps.Now));
}
