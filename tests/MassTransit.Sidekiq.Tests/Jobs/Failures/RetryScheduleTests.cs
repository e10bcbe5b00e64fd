using FsCheck.Fluent;

namespace MassTransit.Sidekiq.Tests.Jobs;

public class RetryScheduleTests
{
    [Theory]
    [InlineData(0, 15)]
    [InlineData(1, 16)]
    [InlineData(2, 31)]
    [InlineData(3, 96)]
    [InlineData(5, 640)]
    [InlineData(10, 10_015)]
    [InlineData(15, 50_640)]
    [InlineData(20, 160_015)]
    [InlineData(24, 331_791)]
    public void Curve_is_that_of_Sidekiq(int count, int seconds)
    {
        Assert.Equal(TimeSpan.FromSeconds(seconds), RetrySchedule.Curve(count));
    }

    [Fact]
    public void Twenty_five_retries_take_twenty_days()
    {
        Assert.Equal(1_763_395, Enumerable.Range(0, 25).Sum(count => RetrySchedule.Curve(count).TotalSeconds));
    }

    [Fact]
    public void Chance_adds_whole_seconds_up_to_ten_for_each_retry() =>
        Prop.ForAll(
                Arb.From(Gen.Choose(0, 200)),
                Arb.From(Gen.Choose(0, int.MaxValue)),
                (count, seed) =>
                {
                    var jitter = (
                        new RetrySchedule(new Random(seed)).Delay(count) - RetrySchedule.Curve(count)
                    ).TotalSeconds;
                    return jitter >= 0 && jitter < 10 * (count + 1) && jitter == Math.Truncate(jitter);
                }
            )
            .Holds();

    [Fact]
    public void Chance_reaches_from_none_to_all_of_it()
    {
        var schedule = new RetrySchedule(new Random(1));

        var jitters = Enumerable
            .Range(0, 2000)
            .Select(_ => (schedule.Delay(1) - RetrySchedule.Curve(1)).TotalSeconds)
            .ToHashSet();

        Assert.Equal(Enumerable.Range(0, 20).Select(second => (double)second), jitters.Order());
    }

    [Fact]
    public void Custom_delay_takes_the_place_of_the_curve_and_keeps_the_chance()
    {
        var schedule = new RetrySchedule(new Random(1));

        Assert.All(
            Enumerable.Range(0, 100),
            _ => Assert.InRange(schedule.Delay(0, TimeSpan.FromMinutes(5)).TotalSeconds, 300, 309)
        );
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(-5)]
    public void Count_below_zero_waits_like_the_first(int count)
    {
        Assert.InRange(new RetrySchedule(new Random(1)).Delay(count).TotalSeconds, 15, 24);
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(int.MaxValue)]
    public void Count_beyond_all_sense_still_gives_a_time(int count)
    {
        Assert.Equal(TimeSpan.FromDays(36525), new RetrySchedule(new Random(1)).Delay(count));
    }
}
