namespace MassTransit.Sidekiq.Tests.Assumptions;

public class FakeClockTests
{
    readonly FakeClock clock = new();

    [Fact]
    public async Task Delay_ends_when_its_time_has_come_and_not_before()
    {
        var delay = Sleep(TimeSpan.FromSeconds(5));

        clock.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(delay.IsCompleted);

        clock.Advance(TimeSpan.FromSeconds(0.1));
        await delay.InTime();
    }

    [Fact]
    public void Timers_fire_in_the_order_they_are_due_each_at_its_own_instant()
    {
        var start = clock.GetUtcNow();
        List<(string Timer, TimeSpan At)> fired = [];
        using var late = Timer("late", TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);
        using var early = Timer("early", TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1.5));

        clock.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal(
            [
                ("early", TimeSpan.FromSeconds(1)),
                ("early", TimeSpan.FromSeconds(2.5)),
                ("late", TimeSpan.FromSeconds(3)),
            ],
            fired
        );
        Assert.Equal(start.AddSeconds(3), clock.GetUtcNow());

        ITimer Timer(string name, TimeSpan due, TimeSpan period) =>
            clock.CreateTimer(_ => fired.Add((name, clock.GetUtcNow() - start)), null, due, period);
    }

    [Fact]
    public async Task Armed_tells_that_a_loop_sleeps()
    {
        var armed = clock.Armed();
        Assert.False(armed.IsCompleted);

        var delay = Sleep(TimeSpan.FromSeconds(5));
        await armed.InTime();

        clock.Advance(TimeSpan.FromSeconds(5));
        await delay.InTime();
        Assert.False(clock.Armed().IsCompleted);
    }

    [Fact]
    public void Timer_that_was_disposed_does_not_fire()
    {
        var fired = false;
        clock.CreateTimer(_ => fired = true, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan).Dispose();

        clock.Advance(TimeSpan.FromSeconds(2));

        Assert.False(fired);
    }

    // A delay on this clock is an event, not a wait.
#pragma warning disable RS0030
    Task Sleep(TimeSpan time) => Task.Delay(time, clock, TestContext.Current.CancellationToken);
#pragma warning restore RS0030
}
