namespace MassTransit.Sidekiq.Tests.Receiving;

public sealed class ClaimPaceTests
{
    const int Workers = 10;

    readonly FakeClock clock = new();
    readonly WorkDone work;
    readonly ClaimPace pace;

    public ClaimPaceTests()
    {
        work = new WorkDone(clock);
        pace = new ClaimPace(Workers, work, clock);
    }

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
    [InlineData(50, 110)]
    [InlineData(100, 200)]
    [InlineData(1000, 200)]
    public void Redis_that_is_farther_away_lengthens_that_to_two_round_trips_and_200_ms_at_most(
        int roundTrip,
        int milliseconds
    )
    {
        pace.Answered(TimeSpan.FromMilliseconds(roundTrip));

        // One in a millisecond.
        Done(jobs: 10, milliseconds: 10);

        Assert.Equal(milliseconds, pace.Ahead);
    }

    [Fact]
    public void No_distance_and_no_speed_claim_more_than_1000_ahead()
    {
        pace.Answered(TimeSpan.FromMilliseconds(100));

        Done(jobs: 5000, milliseconds: 2);

        Assert.Equal((1000, 100), (pace.Ahead, pace.Step));
    }

    [Fact]
    public void Workers_that_wait_for_a_distant_Redis_are_not_taken_for_slow()
    {
        pace.Answered(TimeSpan.FromMilliseconds(50));
        Wake(Workers);
        clock.Advance(TimeSpan.FromMilliseconds(5));
        End(jobs: Workers);

        // The next claim is under way.
        clock.Advance(TimeSpan.FromMilliseconds(50));
        pace.Sample();

        // Ten in five milliseconds, for 110.
        Assert.Equal(220, pace.Ahead);
    }

    [Fact]
    public void Jobs_of_100_ms_are_claimed_ahead_only_if_Redis_is_far_away()
    {
        Done(jobs: Workers, milliseconds: 100);
        Assert.Equal(0, pace.Ahead);

        pace.Answered(TimeSpan.FromMilliseconds(50));
        Done(jobs: Workers, milliseconds: 100);

        Assert.Equal(11, pace.Ahead);
    }

    [Fact]
    public void Running_job_slows_the_pace_before_it_has_ended()
    {
        Done(jobs: 10, milliseconds: 10);
        Assert.Equal(4, pace.Ahead);

        Wake(1);
        clock.Advance(TimeSpan.FromMilliseconds(100));
        pace.Sample();

        Assert.Equal(2, pace.Ahead);
    }

    [Fact]
    public void One_slow_answer_changes_the_round_trip_by_an_eighth()
    {
        pace.Answered(TimeSpan.FromMilliseconds(10));
        pace.Answered(TimeSpan.FromMilliseconds(90));

        Done(jobs: 10, milliseconds: 10);

        Assert.Equal(44, pace.Ahead);
    }

    [Fact]
    public void Pace_is_that_of_the_last_jobs_of_each_worker()
    {
        Done(jobs: 40, milliseconds: 40);
        Assert.Equal(4, pace.Ahead);

        // 80 in 44 ms, and then half as much besides 40 in 4 ms.
        Done(jobs: 40, milliseconds: 4);
        Assert.Equal(7, pace.Ahead);
        Done(jobs: 40, milliseconds: 4);

        Assert.Equal(12, pace.Ahead);
    }

    [Fact]
    public void Idle_hour_does_not_change_the_pace()
    {
        Done(jobs: 10, milliseconds: 10);

        clock.Advance(TimeSpan.FromHours(1));
        pace.Sample();

        Assert.Equal(4, pace.Ahead);
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
    public void Claim_is_worth_its_cost_for_what_ends_within_2_ms_however_far_Redis_is(
        int jobs,
        int milliseconds,
        int step
    )
    {
        pace.Answered(TimeSpan.FromMilliseconds(50));

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

    // All workers are busy for that long.
    void Done(int jobs, int milliseconds)
    {
        Wake(Workers);
        clock.Advance(TimeSpan.FromMilliseconds(milliseconds));
        End(jobs);
        pace.Sample();
    }

    void Wake(int workers)
    {
        for (var i = 0; i < workers; i++)
        {
            work.Woke();
        }
    }

    void End(int jobs)
    {
        for (var i = 0; i < jobs; i++)
        {
            work.Ended();
        }

        for (var i = 0; i < Workers; i++)
        {
            work.Rests();
        }
    }
}
