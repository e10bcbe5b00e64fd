using System.Text.Json;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>The service that the README shows, as a process of its own.</summary>
public class QuickStartTests
{
    [Fact]
    public async Task Service_of_the_README_takes_a_job_from_Ruby_and_gives_Ruby_one()
    {
        await using var redis = await RedisServer.Lease();
        var environment = new Dictionary<string, string> { ["REDIS_URL"] = redis.Url, ["Sidekiq__Url"] = redis.Url };

        await using var service = QuickStart.Start(environment);
        await service.Line("Bus started");
        await Ruby.Run(Path.Combine(QuickStart.Folder, "enqueue.rb"), environment);
        await redis.Until(async state => (await state.Queue("mail")).Length == 1);

        var job = JsonElement.Parse(Assert.Single(await redis.Queue("mail")));
        Assert.Equal("Mail::ReceiptWorker", job.GetProperty("class").GetString());
        Assert.Equal("[42]", job.GetProperty("args").GetRawText());
        await service.Stop();
        Assert.Equal(0, service.ExitCode);
    }
}
