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
        await redis.Until(async state => (await state.Queue("mail")).Length == 2);

        // The first is of the message that the service publishes itself.
        var job = JsonElement.Parse((await redis.Queue("mail"))[1]);
        Assert.Equal("Mail::ReceiptWorker", job.GetProperty("class").GetString());
        Assert.Equal("[42]", job.GetProperty("args").GetRawText());
        await service.Stop();
        Assert.Equal(0, service.ExitCode);
    }

    [Fact]
    public async Task Service_of_the_README_consumes_on_a_machine_without_Redis_and_again_on_its_old_data()
    {
        var home = Directory.CreateTempSubdirectory("sidekiq-quickstart-").FullName;
        var environment = new Dictionary<string, string> { ["XDG_DATA_HOME"] = home };
        for (var run = 1; run <= 2; run++)
        {
            await using var service = QuickStart.Start(environment);
            await service.Line("Order 1 is paid");
            await service.Stop();
            Assert.Equal(0, service.ExitCode);
        }

        Assert.True(Directory.Exists(Path.Combine(home, "MassTransit.Sidekiq", "QuickStart")));
        Directory.Delete(home, recursive: true);
    }
}
