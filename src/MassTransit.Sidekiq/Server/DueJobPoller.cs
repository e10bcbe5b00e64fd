namespace MassTransit.Sidekiq;

/// <summary>
/// Moves due jobs from `retry` and `schedule` to their queues.
/// 1. Check whether a job is due: most of the time none is, and the cycle ends. Otherwise one process at a time moves them
///    (`take_turn.lua`), however many poll. The more processes there are, the more seldom each of them polls (`Fleet`).
/// 2. Read up to 100 due members, retries first, as Sidekiq does. Jobs that Ruby should move (`RubyJobs`) are left to it.
/// 3. Set the enqueue time of each; everything else stays byte for byte the same.
/// 4. Move them in one script that removes and pushes: the removal is the claim, so any number of pollers, Ruby's included,
///    move a job once, and a process that is killed in between leaves it in one place.
/// Entries that cannot be parsed are moved to the dead set unchanged; jobs whose move Redis refuses stay. Neither delays others.
/// </summary>
internal sealed class DueJobPoller
{
    // How late a job that another process scheduled may be noticed, by ten processes or fewer. More of them poll once in a tenth
    // of it together, and while there is always something due, twenty times as often.
    static readonly TimeSpan interval = TimeSpan.FromSeconds(1);
    static readonly TimeSpan apart = interval / 10;
    static readonly TimeSpan leastApart = apart / 20;

    readonly DueJobStore store;
    readonly Fleet fleet;
    readonly TimeProvider clock;
    readonly DuePass[] passes;
    long next = long.MaxValue;

    public DueJobPoller(DueJobStore store, SidekiqTransportOptions options, Fleet fleet, TimeProvider clock)
    {
        (this.store, this.fleet, this.clock) = (store, fleet, clock);
        var ruby = new RubyJobs(store, options.MovesRubyJobs, clock);
        var times = options.TimeFormat;
        passes =
        [
            new DuePass(DueSet.Retry, store, ruby, times, clock),
            new DuePass(DueSet.Schedule, store, ruby, times, clock),
        ];
        Loop = new BackgroundLoop("Poll for due jobs", Cycle, clock);
    }

    public BackgroundLoop Loop { get; }

    // This process has just scheduled a job: poll when it is due.
    public void Expect(DateTimeOffset due)
    {
        if (due.UtcTicks < Volatile.Read(ref next))
        {
            Volatile.Write(ref next, due.UtcTicks);
            Loop.Wake();
        }
    }

    public async Task<TimeSpan> Cycle(CancellationToken cancellationToken)
    {
        Volatile.Write(ref next, long.MaxValue);
        var turn = await store.TakeTurn(clock.GetUtcNow()).ConfigureAwait(false);
        if (turn.IsOurs)
        {
            foreach (var pass in passes)
            {
                await pass.Run(cancellationToken).ConfigureAwait(false);
            }

            turn = await store.TakeTurn(clock.GetUtcNow()).ConfigureAwait(false);
            if (turn.IsOurs && turn.Due > passes.Sum(pass => pass.Left))
            {
                // More jobs have become due meanwhile.
                return TimeSpan.Zero;
            }
        }

        var now = clock.GetUtcNow();
        var expected = Math.Min(turn.Next?.UtcTicks ?? long.MaxValue, Volatile.Read(ref next));
        var (least, most) = (fleet.Least(leastApart), fleet.Pause(interval, apart));
        var pause = TimeSpan.FromTicks(Math.Max(least.Ticks, Math.Min(expected - now.UtcTicks, most.Ticks)));
        Volatile.Write(ref next, (now + pause).UtcTicks);

        return pause;
    }
}
