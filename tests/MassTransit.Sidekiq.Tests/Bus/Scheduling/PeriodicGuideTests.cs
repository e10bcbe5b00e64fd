using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests;

/// <summary>The code in docs/periodic.md, as it stands there.</summary>
public sealed class PeriodicGuideTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Jobs_of_the_guide_run()
    {
        await using var redis = await RedisServer.Lease();
        var closed = new Seen<CloseBooks>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            // No ten minutes end while the test runs.
            x => x.AddSingleton<TimeProvider>(new FakeClock()),
            (_, cfg) =>
            {
                cfg.Periodic("close-books", "0 8 * * MON-FRI", "Europe/Berlin", new CloseBooks("EUR"));
                cfg.PeriodicJob("sweep", "*/10 * * * *", "Etc/UTC", "SweepWorker", [30], p => p.Queue("low").Retry(3));
                cfg.ReceiveEndpoint("books", e => e.Note(closed));
            }
        );
        var jobs = bus.Services.GetRequiredService<ISidekiqPeriodicJobs>();
        await Eventually.Until(async () => (await jobs.List()).Count == 2, () => Task.FromResult("not declared"));

        foreach (var job in await jobs.List())
        {
            await jobs.Run(job.Id);
        }

        Assert.Equal("EUR", (await closed.Next()).Currency);
        Assert.Contains("\"args\":[30]", Assert.Single(await redis.Queue("low")), StringComparison.Ordinal);
    }

    public sealed record CloseBooks(string Currency);
}
