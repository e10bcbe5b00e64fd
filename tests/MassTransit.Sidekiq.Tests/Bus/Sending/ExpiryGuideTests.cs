namespace MassTransit.Sidekiq.Tests;

/// <summary>The code of "Jobs that expire" in docs/retries.md, as it stands there.</summary>
public sealed class ExpiryGuideTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Lives_of_the_guide_are_in_its_jobs()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.Job<PriceQuote>(job => job.ExpiresIn(TimeSpan.FromMinutes(10)));
            }
        );
        var endpoint = await bus.Harness.Bus.GetSendEndpoint(new Uri("queue:quotes"));
        var quote = new PriceQuote(1);

        await endpoint.Send(quote);
        await endpoint.Send(quote, x => x.TimeToLive = TimeSpan.FromSeconds(30));

        Assert.Collection(
            await redis.Queue("quotes"),
            job => Assert.Contains("\"expires_in\":600,", job, StringComparison.Ordinal),
            job => Assert.Contains("\"expires_in\":30,", job, StringComparison.Ordinal)
        );
    }

    sealed record PriceQuote(int Order);
}
