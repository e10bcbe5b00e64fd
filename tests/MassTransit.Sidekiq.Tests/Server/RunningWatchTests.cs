namespace MassTransit.Sidekiq.Tests.Server;

public sealed class RunningWatchTests
{
    readonly FakeClock clock = new();
    readonly Roster roster = new();
    readonly EndpointWork work = new("orders", new QueueOrder("orders"), concurrency: 2);
    readonly Seen<int> looks = new();

    [Fact]
    public async Task Job_that_starts_ends_the_rest_and_is_looked_after_once_a_second()
    {
        await using var loop = Watch();
        loop.Start();
        await looks.Next();

        work.Begin(0, new JobRunStub("{}"));
        await looks.Next();

        await clock.Armed().InTime();
        clock.Advance(TimeSpan.FromSeconds(1));
        await looks.Next();
    }

    [Fact]
    public async Task Nothing_is_done_while_no_job_runs()
    {
        var watch = new RunningWatch(roster, clock, Look);
        roster.Add(work);

        Assert.Equal(Timeout.InfiniteTimeSpan, await watch.Cycle(CancellationToken.None));
        work.Begin(0, new JobRunStub("{}"));
        Assert.Equal(TimeSpan.FromSeconds(1), await watch.Cycle(CancellationToken.None));
        work.End(0);
        Assert.Equal(Timeout.InfiniteTimeSpan, await watch.Cycle(CancellationToken.None));
    }

    [Fact]
    public async Task Look_that_fails_takes_none_from_the_others()
    {
        var watch = new RunningWatch(
            roster,
            clock,
            () => Task.FromException(new InvalidOperationException("refused")),
            Look
        );

        await Assert.ThrowsAsync<InvalidOperationException>(() => watch.Cycle(CancellationToken.None));

        await looks.Next();
    }

    BackgroundLoop Watch()
    {
        roster.Add(work);
        return new RunningWatch(roster, clock, Look).Loop;
    }

    Task Look()
    {
        looks.Add(0);
        return Task.CompletedTask;
    }
}
