namespace MassTransit.Sidekiq.Tests.Server;

public sealed class EndpointWorkTests
{
    readonly EndpointWork work = new("orders", new QueueOrder("orders"), concurrency: 3);

    [Fact]
    public void Endpoint_without_a_job_is_idle()
    {
        Assert.Equal(0, work.Busy);
        Assert.Empty(work.Running);
        Assert.False(work.IsStopping);
    }

    [Fact]
    public void Job_is_shown_at_its_worker_from_its_begin_to_its_end()
    {
        work.Begin(2, Job("second"));
        work.Begin(0, Job("first"));

        Assert.Equal(2, work.Busy);
        Assert.Equal([(0, "first"), (2, "second")], Running());

        work.End(2);
        Assert.Equal(1, work.Busy);
        Assert.Equal([(0, "first")], Running());

        work.End(0);
        Assert.Equal(0, work.Busy);
    }

    [Fact]
    public void Worker_goes_from_one_job_to_the_next()
    {
        work.Begin(1, Job("first"));
        work.End(1);
        work.Begin(1, Job("second"));

        Assert.Equal([(1, "second")], Running());
    }

    [Fact]
    public void Worker_that_ends_what_it_never_began_changes_nothing()
    {
        work.Begin(1, Job("first"));

        work.End(0);

        Assert.Equal(1, work.Busy);
    }

    [Fact]
    public void Time_of_a_job_counts_from_its_own_begin()
    {
        work.Begin(0, Job("first"));
        work.Begin(1, Job("second"));

        var times = work.Running.Select(running => running.Elapsed).ToList();
        Assert.InRange(times[0], TimeSpan.Zero, Guard);
        Assert.InRange(times[1], TimeSpan.Zero, Guard);

        work.End(0);
        work.Begin(0, Job("third"));
        var again = work.Running.Select(running => running.Elapsed).ToList();
        Assert.True(again[0] <= again[1]);
    }

    (int, string?)[] Running() => [.. work.Running.Select(running => (running.Worker, running.Job.Jid))];

    static JobRunStub Job(string jid) => new($$"""{"jid":"{{jid}}"}""");
}
