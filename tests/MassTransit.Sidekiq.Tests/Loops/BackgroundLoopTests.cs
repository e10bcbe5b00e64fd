using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests.Loops;

public sealed class BackgroundLoopTests
{
    static readonly TimeSpan pause = TimeSpan.FromSeconds(10);
    static readonly TimeSpan tick = TimeSpan.FromTicks(1);

    readonly FakeClock clock = new();
    readonly ListLogger log = new();
    readonly Seen<int> cycles = new();

    [Fact]
    public async Task Cycle_says_how_long_it_is_until_the_next()
    {
        await using var loop = Loop(number => TimeSpan.FromSeconds(number));
        loop.Start();
        await cycles.Next();

        await SleepsFor(TimeSpan.FromSeconds(1));
        await SleepsFor(TimeSpan.FromSeconds(2));
        await SleepsFor(TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task Time_since_its_last_turn_grows_while_a_cycle_hangs()
    {
        var hangs = new TaskCompletionSource<TimeSpan>();
        var begun = new TaskCompletionSource();
        await using var loop = new BackgroundLoop(
            "Nightly",
            _ =>
            {
                begun.TrySetResult();
                return hangs.Task;
            },
            clock
        );
        Assert.Equal(TimeSpan.Zero, loop.SinceTurn);
        loop.Start();
        await begun.Task.InTime();

        clock.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal(TimeSpan.FromMinutes(2), loop.SinceTurn);
        hangs.SetResult(pause);
    }

    [Fact]
    public async Task Call_ends_the_pause_at_once()
    {
        await using var loop = Loop(_ => Timeout.InfiniteTimeSpan);
        loop.Start();
        await cycles.Next();

        loop.Wake();

        await cycles.Next();
    }

    [Fact]
    public async Task Call_that_comes_during_a_cycle_ends_the_pause_behind_it()
    {
        BackgroundLoop? called = null;
        await using var loop = Loop(number =>
        {
            if (number == 1)
            {
                called!.Wake();
            }

            return Timeout.InfiniteTimeSpan;
        });
        called = loop;

        loop.Start();

        await cycles.Next(2);
    }

    [Fact]
    public async Task Cycle_that_fails_is_repeated_after_growing_pauses_and_told_once_at_each_end()
    {
        await using var loop = Loop(number => number < 4 ? throw new IOException("on purpose") : pause);
        loop.Start();
        await cycles.Next();

        await SleepsFor(TimeSpan.FromMilliseconds(250));
        await SleepsFor(TimeSpan.FromMilliseconds(500));
        Assert.Equal(["Nightly failed and is retried until it works"], log.Lines);
        await SleepsFor(TimeSpan.FromMilliseconds(1000));
        await SleepsFor(pause);

        Assert.Equal(["Nightly failed and is retried until it works", "Nightly works again"], log.Lines);
    }

    [Fact]
    public async Task Failure_after_a_success_is_a_new_one()
    {
        await using var loop = Loop(number => number % 2 == 1 ? throw new IOException("on purpose") : pause);
        loop.Start();
        await cycles.Next();

        await SleepsFor(TimeSpan.FromMilliseconds(250));
        await SleepsFor(pause);
        await SleepsFor(TimeSpan.FromMilliseconds(250));

        Assert.Equal(2, log.Lines.Count(line => line.Contains("failed", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Outage_of_Redis_is_left_to_the_connection_to_tell_and_no_other_failure_is()
    {
        await using var loop = Loop(number =>
            number switch
            {
                1 => throw new ConnectionException("lost", isTransient: true),
                2 => pause,
                _ => throw new ConnectionException("wrong password", isTransient: false),
            }
        );
        loop.Start();
        await cycles.Next();

        await SleepsFor(TimeSpan.FromMilliseconds(250));
        await clock.Armed().InTime();
        Assert.Empty(log.Lines);
        await SleepsFor(pause);
        await SleepsFor(TimeSpan.FromMilliseconds(250));

        Assert.Single(log.Lines);
    }

    [Fact]
    public async Task Cancellation_that_is_no_stop_is_a_failure()
    {
        await using var loop = Loop(number => number == 1 ? throw new OperationCanceledException() : pause);
        loop.Start();
        await cycles.Next();

        await SleepsFor(TimeSpan.FromMilliseconds(250));

        Assert.Contains("failed", log.Lines[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_cancels_the_cycle_and_returns_when_that_has_ended()
    {
        var (begun, hasEnded) = (new TaskCompletionSource(), false);
        var loop = new BackgroundLoop(
            "Nightly",
            async stopping =>
            {
                begun.SetResult();
                try
                {
                    await new TaskCompletionSource().Task.WaitAsync(stopping);
                }
                finally
                {
                    hasEnded = true;
                }

                return pause;
            },
            clock
        );
        loop.Start();
        await begun.Task.InTime();

        await loop.DisposeAsync().AsTask().InTime();

        Assert.True(hasEnded);
    }

    [Fact]
    public async Task Stop_ends_the_pause()
    {
        var loop = Loop(_ => pause);
        loop.Start();
        await cycles.Next();
        await clock.Armed().InTime();

        await loop.DisposeAsync().AsTask().InTime();

        Assert.False(clock.Armed().IsCompleted);
        Assert.Single(cycles.All);
    }

    [Fact]
    public async Task Loop_that_never_began_can_be_stopped() => await Loop(_ => pause).DisposeAsync().AsTask().InTime();

    // What a cycle does, by its number from 1 on.
    BackgroundLoop Loop(Func<int, TimeSpan> cycle)
    {
        LogContext.ConfigureCurrentLogContext(log);
        var number = 0;
        return new BackgroundLoop(
            "Nightly",
            _ =>
            {
                cycles.Add(++number);
                return Task.FromResult(cycle(number));
            },
            clock
        );
    }

    // Fails when the next cycle comes sooner, and hangs when it comes later.
    async Task SleepsFor(TimeSpan time)
    {
        await clock.Armed().InTime();
        var before = cycles.All.Count;

        clock.Advance(time - tick);
        await clock.Armed().InTime();
        Assert.Equal(before, cycles.All.Count);

        clock.Advance(tick);
        await cycles.Next();
    }
}
