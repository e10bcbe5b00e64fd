namespace MassTransit.Sidekiq.Tests;

/// <summary>The code of docs/bulk.md, as it stands there.</summary>
public sealed class BulkGuideTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Newsletter_of_the_guide_is_sent_at_once_or_over_hours()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);
        var endpoint = await bus.Harness.Bus.GetSendEndpoint(new Uri("queue:mail"));
        var (tomorrow, progress, lines) = (TestClock.Start.AddYears(1), new Progress<long>(), new StringWriter());

        var sent = await endpoint.SendMany(Subscribers().Select(address => new SendNewsletter(address)));

        Assert.Equal(3, sent);
        Assert.Equal(3, (await redis.Queue("mail")).Length);

        await endpoint.SendMany(
            Subscribers().Select(address => new SendNewsletter(address)),
            new SendManyOptions
            {
                At = tomorrow,
                Spread = TimeSpan.FromHours(4),
                Configure = x => x.Job(job => job.Retry = 3),
                Progress = progress,
                Sent = slice => lines.WriteLine(string.Join('\n', slice.Select(message => message.Jid))),
            }
        );

        Assert.Equal(3, (await redis.ScheduledSet()).Length);
        Assert.Equal(3, lines.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task Newsletter_of_the_guide_goes_on_behind_what_was_sent()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);
        var endpoint = await bus.Harness.Bus.GetSendEndpoint(new Uri("queue:mail"));
        var (failing, newsletters) = (Failing(), Subscribers().Select(address => new SendNewsletter(address)));

        try
        {
            await endpoint.SendMany(failing);
        }
        catch (SendManyException fault)
        {
            await endpoint.SendMany(newsletters.Skip((int)fault.Sent));
        }

        var jobs = await redis.Queue("mail");
        Assert.Equal(3, jobs.Length);
        Assert.Contains("ada", jobs[0], StringComparison.Ordinal);
        Assert.Contains("eve", jobs[2], StringComparison.Ordinal);
    }

    static async IAsyncEnumerable<SendNewsletter> Failing()
    {
        await foreach (var address in AsyncEnumerable.Take(Subscribers(), 1))
        {
            yield return new SendNewsletter(address);
        }

        throw new IOException("The table was locked.");
    }

    static IAsyncEnumerable<string> Subscribers() =>
        new[] { "ada@example.com", "bob@example.com", "eve@example.com" }.ToAsyncEnumerable();

    sealed record SendNewsletter(string To);
}
