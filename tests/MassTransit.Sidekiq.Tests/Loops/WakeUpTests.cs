namespace MassTransit.Sidekiq.Tests.Loops;

public sealed class WakeUpTests
{
    static readonly TimeSpan time = TimeSpan.FromSeconds(5);

    readonly FakeClock clock = new();
    readonly WakeUp wake = new();

    // Whether the wait is still for its time: its timer is armed.
    bool WaitsForTime => clock.Armed().IsCompleted;

    [Fact]
    public async Task Wait_ends_with_the_next_signal()
    {
        var wait = wake.Wait();
        Assert.False(wait.IsCompleted);

        wake.Set();

        await wait.InTime();
    }

    [Fact]
    public void Signals_that_came_before_a_wait_end_that_one_and_no_other()
    {
        wake.Set();
        wake.Set();

        Assert.True(wake.Wait().IsCompleted);
        Assert.False(wake.Wait().IsCompleted);
    }

    [Fact]
    public async Task Signal_ends_a_wait_for_a_time_which_leaves_no_timer_behind()
    {
        var wait = wake.Wait(time, clock, CancellationToken.None);
        Assert.True(WaitsForTime);

        wake.Set();

        await wait.InTime();
        Assert.False(WaitsForTime);
    }

    [Fact]
    public async Task Signal_that_came_before_a_wait_for_a_time_ends_it_at_once()
    {
        wake.Set();

        await wake.Wait(time, clock, CancellationToken.None).InTime();

        Assert.False(WaitsForTime);
    }

    [Fact]
    public async Task Wait_without_a_signal_ends_with_its_time_and_not_before()
    {
        var wait = wake.Wait(time, clock, CancellationToken.None);

        clock.Advance(time - TimeSpan.FromTicks(1));
        Assert.True(WaitsForTime);
        clock.Advance(TimeSpan.FromTicks(1));

        await wait.InTime();
    }

    [Fact]
    public async Task Wait_that_is_cancelled_ends_without_an_exception()
    {
        using var stopping = new CancellationTokenSource();
        var wait = wake.Wait(Timeout.InfiniteTimeSpan, clock, stopping.Token);
        Assert.False(wait.IsCompleted);

        await stopping.CancelAsync();

        await wait.InTime();
        await wake.Wait(time, clock, stopping.Token).InTime();
        Assert.False(WaitsForTime);
    }

    [Fact]
    public async Task No_signal_of_many_threads_is_missed()
    {
        const int Signals = 10_000;
        var (sent, seen) = (0, 0);
        var sender = Task.Run(() =>
            Parallel.For(
                0,
                Signals,
                _ =>
                {
                    Interlocked.Increment(ref sent);
                    wake.Set();
                }
            )
        );

        while (seen < Signals)
        {
            await wake.Wait().InTime($"a signal after {seen}");
            seen = Volatile.Read(ref sent);
        }

        await sender.InTime();
    }
}
