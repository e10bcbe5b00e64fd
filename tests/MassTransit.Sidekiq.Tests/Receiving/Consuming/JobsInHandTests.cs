namespace MassTransit.Sidekiq.Tests.Receiving;

public sealed class JobsInHandTests : IDisposable
{
    const int Orders = 0;
    const int Mails = 1;

    static readonly TimeSpan patience = TimeSpan.FromMilliseconds(20);
    static readonly TimeSpan tick = TimeSpan.FromTicks(1);

    readonly FakeClock clock = new();
    readonly WakeUp changed = new();
    readonly JobsInHand jobs;

    public JobsInHandTests() => jobs = new JobsInHand(queues: 2, clock, changed);

    public void Dispose() => jobs.Dispose();

    [Fact]
    public void Jobs_are_held_until_they_are_out_of_our_hands()
    {
        jobs.Hold(5);
        jobs.Release(2);

        Assert.Equal(3, jobs.Held);
    }

    [Fact]
    public void Release_calls_only_whoever_waits_for_one()
    {
        jobs.Hold(5);
        jobs.Release(1);
        Assert.False(IsCalled());

        jobs.Watch(releases: true);
        jobs.Release(0);
        Assert.False(IsCalled());
        jobs.Release(1);
        Assert.True(IsCalled());

        jobs.Watch(releases: false);
        jobs.Release(1);
        Assert.False(IsCalled());
    }

    [Fact]
    public void Finished_job_waits_20_ms_for_a_claim_and_is_then_worth_one_of_its_own()
    {
        jobs.Acknowledge(Orders, 7);

        clock.Advance(patience - tick);
        Assert.False(jobs.IsDue);
        Assert.False(IsCalled());

        clock.Advance(tick);
        Assert.True(jobs.IsDue);
        Assert.True(IsCalled());
    }

    [Fact]
    public void Job_that_finishes_later_does_not_make_the_first_wait_longer()
    {
        jobs.Acknowledge(Orders, 7);
        clock.Advance(patience - tick);
        jobs.Acknowledge(Mails, 8);

        clock.Advance(tick);

        Assert.True(jobs.IsDue);
    }

    [Fact]
    public void Claim_in_the_meantime_takes_the_finished_ones_along_by_their_queues()
    {
        jobs.Acknowledge(Orders, 7);
        jobs.Acknowledge(Mails, 8);
        jobs.Acknowledge(Orders, 9);

        var taken = jobs.TakeSettled();
        clock.Advance(patience);

        Assert.Equal(
            [
                [7, 9],
                [8],
            ],
            taken
        );
        Assert.False(jobs.IsDue);
        Assert.False(IsCalled());
    }

    [Fact]
    public void Job_that_finishes_during_a_claim_waits_for_the_next()
    {
        jobs.Acknowledge(Orders, 7);
        var first = jobs.TakeSettled();
        jobs.Acknowledge(Orders, 8);

        Assert.Equal(
            [
                [7],
                [],
            ],
            first
        );
        Assert.False(jobs.Acknowledged());
        clock.Advance(patience);
        Assert.True(jobs.IsDue);
        Assert.Equal(
            [
                [8],
                [],
            ],
            jobs.TakeSettled()
        );
        Assert.False(jobs.IsDue);
    }

    [Fact]
    public void Job_is_unacknowledged_until_Redis_has_answered()
    {
        jobs.Acknowledge(Orders, 7);
        jobs.TakeSettled();
        jobs.Acknowledge(Mails, 8);
        Assert.Equal([(Orders, 7), (Mails, 8)], jobs.Unacknowledged().OrderBy(job => job.Number));

        jobs.Acknowledged();

        Assert.Equal([(Mails, 8)], jobs.Unacknowledged());
    }

    [Fact]
    public void Claim_that_failed_without_any_finished_job_has_sent_none_again()
    {
        jobs.TakeSettled();
        jobs.NotAcknowledged();
        jobs.Acknowledge(Orders, 7);
        jobs.TakeSettled();

        Assert.False(jobs.Acknowledged());
    }

    [Fact]
    public void Claim_that_failed_is_due_at_once_with_what_has_finished_meanwhile()
    {
        jobs.Acknowledge(Orders, 7);
        jobs.TakeSettled();
        jobs.Acknowledge(Orders, 8);

        jobs.NotAcknowledged();

        Assert.True(jobs.IsDue);
        Assert.Equal(
            [
                [8, 7],
                [],
            ],
            jobs.TakeSettled()
        );
    }

    [Fact]
    public void Acknowledgement_that_is_sent_again_is_known_as_such_and_the_next_is_not()
    {
        jobs.Acknowledge(Orders, 7);
        jobs.TakeSettled();
        jobs.NotAcknowledged();
        jobs.TakeSettled();
        Assert.True(jobs.Acknowledged());

        jobs.Acknowledge(Orders, 8);
        jobs.TakeSettled();

        Assert.False(jobs.Acknowledged());
    }

    [Fact]
    public void Claim_that_failed_with_nothing_to_acknowledge_makes_nothing_due()
    {
        jobs.TakeSettled();
        jobs.NotAcknowledged();

        Assert.False(jobs.IsDue);
        Assert.Empty(jobs.Unacknowledged());
    }

    // Whether whoever fetches was called since this was last asked.
    bool IsCalled() => changed.Wait().IsCompleted;
}
