namespace MassTransit.Sidekiq.Tests.Jobs;

public class ScoreTests
{
    [Fact]
    public void Score_is_seconds_with_a_point_whatever_the_culture() =>
        Assert.Equal(
            "1795308424.339149",
            Score.From(DateTimeOffset.UnixEpoch.AddSeconds(1795308424).AddMicroseconds(339149))
        );

    [Fact]
    public void Full_second_keeps_its_point() =>
        Assert.Equal("1795308424.0", Score.From(DateTimeOffset.FromUnixTimeSeconds(1795308424)));

    [Fact]
    public void Score_comes_back_as_the_time_it_was_made_from()
    {
        var time = new DateTimeOffset(2026, 11, 22, 12, 34, 56, 789, TimeSpan.Zero);

        Assert.Equal(time, Score.ToTime(Score.ToSeconds(time)), TimeSpan.FromMicroseconds(1));
    }

    [Theory]
    [InlineData(double.PositiveInfinity)]
    [InlineData(1e300)]
    public void Score_that_is_no_time_is_the_last_one(double score) => Assert.Equal(9999, Score.ToTime(score).Year);

    [Theory]
    [InlineData(double.NegativeInfinity)]
    [InlineData(-1e300)]
    public void Score_before_all_time_is_the_first_one(double score) => Assert.Equal(1, Score.ToTime(score).Year);
}
