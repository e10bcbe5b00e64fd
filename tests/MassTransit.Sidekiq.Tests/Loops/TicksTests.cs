namespace MassTransit.Sidekiq.Tests.Loops;

public sealed class TicksTests
{
    readonly FakeClock clock = new();

    [Fact]
    public void Pauses_that_begin_at_different_times_end_together()
    {
        Assert.Equal(TimeSpan.FromSeconds(1), Pause(1));

        clock.Advance(TimeSpan.FromSeconds(0.2));

        Assert.Equal(TimeSpan.FromSeconds(0.8), Pause(1));
        Assert.Equal(TimeSpan.FromSeconds(1.3), Pause(1.7));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.499)]
    public void Short_pause_is_kept(double seconds)
    {
        Pause(1);
        clock.Advance(TimeSpan.FromSeconds(0.2));

        Assert.Equal(TimeSpan.FromSeconds(seconds), Pause(seconds));
    }

    [Fact]
    public void Pause_is_hardly_longer_and_by_less_than_a_tick_shorter()
    {
        Pause(1);
        for (var step = 0; step < 100; step++)
        {
            clock.Advance(TimeSpan.FromSeconds(0.013));
            Assert.InRange(Pause(3), TimeSpan.FromSeconds(2.01), TimeSpan.FromSeconds(3.01));
            Assert.InRange(Pause(3.5), TimeSpan.FromSeconds(3.01), TimeSpan.FromSeconds(3.51));
        }
    }

    [Fact]
    public void Pauses_of_whole_seconds_end_together_whichever_half_they_begin_in()
    {
        Pause(1);
        clock.Advance(TimeSpan.FromSeconds(0.6));

        Assert.Equal(TimeSpan.FromSeconds(0.4), Pause(1));
        Assert.Equal(TimeSpan.FromSeconds(4.4), Pause(5));
    }

    [Fact]
    public void Timer_that_fires_early_does_not_fire_twice()
    {
        Pause(1);
        clock.Advance(TimeSpan.FromSeconds(0.999));

        Assert.Equal(TimeSpan.FromSeconds(0.501), Pause(0.5));
    }

    [Fact]
    public void Pause_without_an_end_has_none() =>
        Assert.Equal(Timeout.InfiniteTimeSpan, Ticks.Within(Timeout.InfiniteTimeSpan, clock));

    TimeSpan Pause(double seconds) => Ticks.Within(TimeSpan.FromSeconds(seconds), clock);
}
