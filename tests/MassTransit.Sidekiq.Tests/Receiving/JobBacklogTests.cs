namespace MassTransit.Sidekiq.Tests.Receiving;

public sealed class JobBacklogTests
{
    readonly FakeClock clock = new();
    readonly WorkDone work;
    readonly JobBacklog backlog;

    public JobBacklogTests()
    {
        work = new WorkDone(clock);
        backlog = new JobBacklog(work, clock);
    }

    [Fact]
    public void Oldest_job_may_wait_a_quarter_of_a_second_longer_than_expected()
    {
        var expected = TimeSpan.FromMilliseconds(4);
        Assert.Null(backlog.DueIn(expected));

        backlog.Add(Job(1));
        Pass(milliseconds: 100);
        backlog.Add(Job(2));
        Assert.Equal(TimeSpan.FromMilliseconds(154), backlog.DueIn(expected));

        Pass(milliseconds: 153.5);
        // A timer of half a millisecond would not wait at all.
        Assert.Equal(TimeSpan.FromMilliseconds(1), backlog.DueIn(expected));
        Pass(milliseconds: 10.5);
        Assert.Equal(TimeSpan.Zero, backlog.DueIn(expected));

        Assert.True(backlog.TryTake(out var job));
        Assert.Equal(1, job.Number);
        Assert.Equal(TimeSpan.FromMilliseconds(90), backlog.DueIn(expected));
    }

    [Fact]
    public void It_has_stalled_when_no_job_has_ended_since_the_oldest_came()
    {
        Assert.False(backlog.HasStalled);

        work.Ended();
        backlog.Add(Job(1));
        Assert.True(backlog.HasStalled);

        work.Ended();
        backlog.Add(Job(2));
        Assert.False(backlog.HasStalled);

        Assert.True(backlog.TryTake(out _));
        Assert.True(backlog.HasStalled);
    }

    static ClaimedJob Job(long number) => new(Queue: 0, number, []);

    void Pass(double milliseconds) => clock.Advance(TimeSpan.FromMilliseconds(milliseconds));
}
