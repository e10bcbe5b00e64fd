namespace MassTransit.Sidekiq;

/// <summary>
/// Moves jobs whose time has come from `retry` and `schedule` to their queues.
/// 1. Look whether something is due: most of the time nothing is, and that is all. If something is, one process at a time
///    moves it (`take_turn.lua`), however many look.
/// 2. Read up to 100 due members, retries first, as Sidekiq does. What is Ruby's to move (`RubyJobs`) is left to it.
/// 3. Give each its enqueue time, everything else byte for byte as it was.
/// 4. Move them in one script that removes and pushes: the removal is the claim, so any number of pollers, Ruby's
///    included, move a job once, and a kill between the two leaves it in one place.
/// A member that is no job goes to the dead set unchanged, and one that Redis refuses stays; neither holds up anybody.
/// </summary>
internal sealed class DueJobPoller
{
    // How late a job may start that another process scheduled.
    static readonly TimeSpan interval = TimeSpan.FromSeconds(1);

    readonly DueJobStore store;
    readonly TimeProvider clock;
    readonly DuePass[] passes;
    long next = long.MaxValue;

    public DueJobPoller(DueJobStore store, SidekiqTimeFormat times, bool movesRubyJobs, TimeProvider clock)
    {
        (this.store, this.clock) = (store, clock);
        var ruby = new RubyJobs(store, movesRubyJobs, clock);
        passes =
        [
            new DuePass(DueSet.Retry, store, ruby, times, clock),
            new DuePass(DueSet.Schedule, store, ruby, times, clock),
        ];
        Loop = new BackgroundLoop("Poll for due jobs", Cycle, clock);
    }

    public BackgroundLoop Loop { get; }

    // This process has just scheduled a job: be awake when it is due.
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
                // More has come due meanwhile.
                return TimeSpan.Zero;
            }
        }

        var now = clock.GetUtcNow();
        var expected = Math.Min(turn.Next?.UtcTicks ?? long.MaxValue, Volatile.Read(ref next));
        var pause = TimeSpan.FromTicks(Math.Clamp(expected - now.UtcTicks, 0, interval.Ticks));
        Volatile.Write(ref next, (now + pause).UtcTicks);

        return pause;
    }
}
