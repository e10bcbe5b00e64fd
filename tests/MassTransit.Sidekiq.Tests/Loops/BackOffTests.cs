namespace MassTransit.Sidekiq.Tests.Loops;

public class BackOffTests
{
    [Fact]
    public void Pause_doubles_from_a_quarter_of_a_second_and_stays_at_five()
    {
        var backOff = new BackOff();

        Assert.Equal(
            [250, 500, 1000, 2000, 4000, 5000, 5000],
            Enumerable.Range(0, 7).Select(_ => backOff.Next().TotalMilliseconds)
        );
    }

    [Fact]
    public void Pause_begins_anew_after_a_success()
    {
        var backOff = new BackOff();
        backOff.Next();
        backOff.Next();

        backOff.Reset();

        Assert.Equal(TimeSpan.FromMilliseconds(250), backOff.Next());
    }

    [Fact]
    public void Success_tells_whether_there_had_been_a_failure()
    {
        var backOff = new BackOff();
        Assert.False(backOff.Reset());

        backOff.Next();

        Assert.True(backOff.Reset());
        Assert.False(backOff.Reset());
    }
}
