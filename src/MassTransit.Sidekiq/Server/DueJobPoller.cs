namespace MassTransit.Sidekiq;

/// Moves jobs whose time has come from `retry` and `schedule` to their queues.
/// 1. Look at the first member of each set: most of the time neither is due, and that is all.
/// 2. Read up to 100 due members, retries first, as Sidekiq does.
/// 3. Give each its enqueue time, everything else byte for byte as it was.
/// 4. Move them in one script that removes and pushes: the removal is the claim, so any number of pollers, Ruby's
///    included, move a job once, and a kill between the two leaves it in one place.
/// A member that is no job goes to the dead set unchanged and holds up nobody.
internal sealed class DueJobPoller
{
    /// How late a job may start that another process scheduled.
    static readonly TimeSpan interval = TimeSpan.FromSeconds(1);

    readonly DueJobStore store;
    readonly SidekiqTimeFormat times;
    readonly TimeProvider clock;
    long next = long.MaxValue;

    public DueJobPoller(DueJobStore store, SidekiqTimeFormat times, TimeProvider clock)
    {
        this.store = store;
        this.times = times;
        this.clock = clock;
        Loop = new BackgroundLoop("Poll for due jobs", Cycle, clock);
    }

    public BackgroundLoop Loop { get; }

    /// This process has just scheduled a job: be awake when it is due.
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
        var first = await store.NextDue().ConfigureAwait(false);
        if (first <= clock.GetUtcNow())
        {
            await PushDueJobs(DueSet.Retry, cancellationToken).ConfigureAwait(false);
            await PushDueJobs(DueSet.Schedule, cancellationToken).ConfigureAwait(false);
            first = await store.NextDue().ConfigureAwait(false);
        }

        var now = clock.GetUtcNow();
        var expected = Math.Min(first?.UtcTicks ?? long.MaxValue, Volatile.Read(ref next));
        var pause = TimeSpan.FromTicks(Math.Clamp(expected - now.UtcTicks, 0, interval.Ticks));
        Volatile.Write(ref next, (now + pause).UtcTicks);

        return pause;
    }

    async Task PushDueJobs(DueSet set, CancellationToken cancellationToken)
    {
        IReadOnlyList<DueMember> due;
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            var now = clock.GetUtcNow();
            due = await store.ReadDue(set, now).ConfigureAwait(false);

            var pushes = new List<DueMove>(due.Count);
            foreach (var job in due)
            {
                if (DueMove.Of(job.Json, now, times) is { } push)
                {
                    pushes.Add(push);
                }
                else if (await store.BuryUnreadable(set, job.Json, now).ConfigureAwait(false))
                {
                    LogContext.Warning?.Log(
                        "Buried a member of {Set} that is no job: it has no class, no list of arguments, or is no JSON",
                        set
                    );
                }
            }

            foreach (var job in due)
            {
                SidekiqMeter.RecordLag(set, now - job.Due);
            }

            var pushed = await store.PushDue(set, pushes).ConfigureAwait(false);
            if (pushed.Refusal is { } refusal)
            {
                throw new InvalidOperationException(
                    $"Redis refused to move a due job, which stays in {set}: {refusal}"
                );
            }
        } while (due.Count >= DueJobStore.MostJobs);
    }
}
