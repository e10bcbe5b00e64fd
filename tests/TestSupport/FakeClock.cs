namespace MassTransit.Sidekiq.TestSupport;

/// <summary>
/// A clock that stands still until <see cref="Advance"/>; its timers fire on the way, in the order they are due. Unless told
/// otherwise it starts at <see cref="TestClock.Start"/>.
/// </summary>
public sealed class FakeClock(DateTimeOffset? start = null) : TimeProvider
{
    readonly Lock gate = new();
    readonly List<FakeTimer> timers = [];
    readonly List<(int Count, TaskCompletionSource Reached)> waiters = [];
    DateTimeOffset now = start ?? TestClock.Start;

    /// <summary>Moves time on and fires what falls due, each timer at its own instant.</summary>
    public void Advance(TimeSpan by)
    {
        var end = GetUtcNow() + by;
        while (NextDue(end) is { } timer)
        {
            timer.Fire();
        }

        lock (gate)
        {
            now = end;
        }
    }

    /// <summary>Completes once so many timers are waiting: the code under test sleeps, so time may move on.</summary>
    public Task Armed(int count = 1)
    {
        lock (gate)
        {
            var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiters.Add((count, waiter));
            TellWaiters();
            return waiter.Task;
        }
    }

    /// <inheritdoc />
    public override DateTimeOffset GetUtcNow()
    {
        lock (gate)
        {
            return now;
        }
    }

    /// <inheritdoc />
    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    /// <inheritdoc />
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc />
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new FakeTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    FakeTimer? NextDue(DateTimeOffset end)
    {
        lock (gate)
        {
            var next = timers.Where(timer => timer.Due <= end).MinBy(timer => timer.Due);
            if (next is null)
            {
                return null;
            }

            now = next.Due > now ? next.Due : now;
            next.Due += next.Period;
            if (next.Period <= TimeSpan.Zero)
            {
                timers.Remove(next);
            }

            return next;
        }
    }

    void TellWaiters()
    {
        foreach (var waiter in waiters.Where(waiter => timers.Count >= waiter.Count).ToList())
        {
            waiters.Remove(waiter);
            waiter.Reached.SetResult();
        }
    }

    sealed class FakeTimer(FakeClock clock, Action fire) : ITimer
    {
        public DateTimeOffset Due { get; set; }

        public TimeSpan Period { get; private set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock.gate)
            {
                clock.timers.Remove(this);
                if (dueTime < TimeSpan.Zero)
                {
                    return true;
                }

                (Due, Period) = (clock.now + dueTime, period);
                clock.timers.Add(this);
                clock.TellWaiters();
                return true;
            }
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
