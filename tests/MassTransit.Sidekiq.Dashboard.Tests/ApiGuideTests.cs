using System.Text.Json;

namespace MassTransit.Sidekiq.Dashboard.Tests;

public class ApiGuideTests
{
    [Fact]
    public async Task Commands_that_the_documentation_shows_do_what_it_tells()
    {
        _ = Requires.Program("curl", "curl");
        var shell = Requires.Program("sh", "dash");
        var commands = (
            await File.ReadAllLinesAsync(Repository.PathOf("docs/dashboard.md"), TestContext.Current.CancellationToken)
        ).Where(line => line.StartsWith("curl ", StringComparison.Ordinal));
        await using var redis = await RedisServer.Lease();
        await redis.SeedRetrySet(Jobs.Failed("Billing::Pay", "1", "Timeout::Error"), TestClock.Start);
        await using var site = await Site.Open(redis);

        var answers = new List<JsonElement>();
        foreach (var command in commands)
        {
            var typed = command.Replace("http://localhost:5000/", site.Address.ToString(), StringComparison.Ordinal);
            await using var curl = ChildProcess.Start(shell, ["-c", typed]);
            await curl.Exited.InTime();
            Assert.True(curl.ExitCode == 0, $"{command}\n{curl.ExitCode} {string.Join('\n', curl.Lines)}");
            answers.Add(JsonSerializer.Deserialize<JsonElement>(curl.Output));
        }

        Assert.Equal(4, answers.Count);
        Assert.Equal(1, answers[0].GetProperty("retries").GetInt64());
        Assert.Equal("1", answers[1].GetProperty("jobs")[0].GetProperty("jid").GetString());
        Assert.Equal(1, answers[2].GetProperty("jobs").GetInt64());
        Assert.Single(await redis.Queue("billing"));
        Assert.True(await redis.Db.SetContainsAsync("paused", "billing"));
    }
}
