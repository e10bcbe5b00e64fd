namespace MassTransit.Sidekiq.Tests.Receiving;

public sealed class ClaimPaceTests
{
    readonly FakeClock clock = new();
    readonly ClaimPace pace;

    public ClaimPaceTests() => pace = new ClaimPace(clock);

    [Fact]
    public void Nothing_is_claimed_ahead_before_anything_has_ended() => Assert.Equal((0, 1), (pace.Ahead, pace.Step));

    [Theory]
    [InlineData(1, 50, 0)]
    [InlineData(1, 4, 1)]
    [InlineData(10, 10, 4)]
    [InlineData(100, 10, 40)]
    [InlineData(100, 2, 200)]
    [InlineData(5000, 2, 200)]
    public void As_many_are_claimed_ahead_as_are_done_within_4_ms_and_at_most_200(int jobs, int milliseconds, int ahead)
    {
        Done(jobs, milliseconds);

        Assert.Equal(ahead, pace.Ahead);
    }

    [Theory]
    [InlineData(1, 4)]
    [InlineData(3, 6)]
    [InlineData(50, 100)]
    [InlineData(100, 200)]
    [InlineData(1000, 200)]
    public void Redis_that_is_farther_away_lengthens_that_to_two_round_trips_and_200_ms_at_most(
        int roundTrip,
        int milliseconds
    )
    {
        pace.Answered(TimeSpan.FromMilliseconds(roundTrip));

        // One in two milliseconds.
        Done(jobs: 10, milliseconds: 20);

        Assert.Equal(milliseconds / 2, pace.Ahead);
    }

    [Fact]
    public void One_slow_answer_changes_the_round_trip_by_an_eighth()
    {
        pace.Answered(TimeSpan.FromMilliseconds(10));
        pace.Answered(TimeSpan.FromMilliseconds(90));

        Done(jobs: 10, milliseconds: 20);

        Assert.Equal(20, pace.Ahead);
    }

    [Fact]
    public void One_faster_claim_changes_the_pace_by_a_quarter()
    {
        Done(jobs: 10, milliseconds: 10);
        Assert.Equal(4, pace.Ahead);

        Done(jobs: 50, milliseconds: 10);

        Assert.Equal(8, pace.Ahead);
    }

    [Fact]
    public void Jobs_are_summed_up_until_there_is_a_time_to_divide_them_by()
    {
        Done(jobs: 5, milliseconds: 1);
        Assert.Equal(0, pace.Ahead);

        Done(jobs: 5, milliseconds: 1);

        Assert.Equal(20, pace.Ahead);
    }

    [Theory]
    [InlineData(2, 4, 1)]
    [InlineData(30, 10, 6)]
    [InlineData(100, 2, 100)]
    public void Claim_is_worth_its_round_trip_for_half_of_what_is_ahead(int jobs, int milliseconds, int step)
    {
        Done(jobs, milliseconds);

        Assert.Equal(step, pace.Step);
    }

    [Fact]
    public void Jobs_that_turned_out_slow_end_the_claims_ahead_until_the_next_are_measured()
    {
        Done(jobs: 100, milliseconds: 2);

        pace.SlowDown();
        Assert.Equal((0, 1), (pace.Ahead, pace.Step));
        Done(jobs: 10, milliseconds: 10);

        // What was before does not count.
        Assert.Equal(4, pace.Ahead);
    }

    void Done(int jobs, int milliseconds)
    {
        clock.Advance(TimeSpan.FromMilliseconds(milliseconds));
        pace.Finished(jobs);
    }
}
