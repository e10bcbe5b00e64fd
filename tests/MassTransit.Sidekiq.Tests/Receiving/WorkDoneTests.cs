namespace MassTransit.Sidekiq.Tests.Receiving;

public sealed class WorkDoneTests
{
    readonly FakeClock clock = new();
    readonly WorkDone work;

    public WorkDoneTests() => work = new WorkDone(clock);

    [Fact]
    public void Time_of_all_workers_is_added_up_and_that_of_resting_ones_is_not()
    {
        Pass(seconds: 5);
        work.Woke();
        Pass(seconds: 1);
        work.Woke();
        Pass(seconds: 2);
        work.Rests();
        Pass(seconds: 4);
        work.Rests();
        Pass(seconds: 9);

        Assert.Equal(TimeSpan.FromSeconds(1 + (2 * 2) + 4), work.Spent);
    }

    [Fact]
    public void Time_of_a_job_counts_while_it_runs()
    {
        work.Woke();
        Pass(seconds: 3);
        Assert.Equal((0, TimeSpan.FromSeconds(3)), (work.Jobs, work.Spent));

        Pass(seconds: 1);
        work.Ended();

        Assert.Equal((1, TimeSpan.FromSeconds(4)), (work.Jobs, work.Spent));
    }

    void Pass(int seconds) => clock.Advance(TimeSpan.FromSeconds(seconds));
}
