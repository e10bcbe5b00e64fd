namespace MassTransit.Sidekiq;

/// <summary>
/// Enqueues the due periodic jobs of all applications.
/// 1. Once, and again after Redis has lost them: declare those of this application, and drop those it no longer declares.
/// 2. Read the due jobs. Every process does; the step that enqueues a run also stores the next one, so that one of N processes
///    enqueues it.
/// 3. A run that was missed because no process was running is caught up once, if it is no older than the job's window.
/// </summary>
internal sealed class PeriodicRunner
{
    // How late a job that another process declared may be noticed.
    static readonly TimeSpan interval = TimeSpan.FromSeconds(5);

    // A run that is less late than this is on time, whatever the catch-up window: a process may be slow to wake up.
    static readonly TimeSpan tolerance = TimeSpan.FromMinutes(1);

    readonly PeriodicStore store;
    readonly UniqueJobs uniques;
    readonly SidekiqTimeFormat times;
    readonly TimeProvider clock;
    readonly Func<int> epoch;
    int declared = -1;

    public PeriodicRunner(
        PeriodicStore store,
        UniqueJobs uniques,
        SidekiqTimeFormat times,
        TimeProvider clock,
        Func<int> epoch
    )
    {
        this.store = store;
        this.uniques = uniques;
        this.times = times;
        this.clock = clock;
        this.epoch = epoch;
        Loop = new BackgroundLoop("Periodic jobs", Cycle, clock);
    }

    public BackgroundLoop Loop { get; }

    // Declares the jobs of this application; with true, only where they are missing.
    public Func<bool, Task>? Declare { get; set; }

    public async Task<TimeSpan> Cycle(CancellationToken cancellationToken)
    {
        var fault = await TryDeclare().ConfigureAwait(false);
        var first = await store.NextDue().ConfigureAwait(false);
        if (first <= clock.GetUtcNow())
        {
            await RunDue(cancellationToken).ConfigureAwait(false);
            first = await store.NextDue().ConfigureAwait(false);
        }

        if (fault is not null)
        {
            throw new InvalidOperationException(
                $"The periodic jobs of this application are not declared, and are unchanged in Redis: {fault.Message}",
                fault
            );
        }

        var wait = first - clock.GetUtcNow() ?? interval;
        return TimeSpan.FromTicks(Math.Clamp(wait.Ticks, 0, interval.Ticks));
    }

    // A message that cannot be converted to a job must not delay the jobs stored in Redis.
    async Task<Exception?> TryDeclare()
    {
        var now = epoch();
        if (Declare is not { } declare || declared == now)
        {
            return null;
        }

        try
        {
            await declare(declared >= 0).ConfigureAwait(false);
            declared = now;
            return null;
        }
        catch (Exception fault) when (fault is not ConnectionException { IsTransient: true })
        {
            return fault;
        }
    }

    // A job that Redis refuses stays due; the others do not wait for it, however many there are.
    async Task RunDue(CancellationToken cancellationToken)
    {
        var (stay, refusal) = (0, default(Exception));
        IReadOnlyList<PeriodicEntry> due;
        do
        {
            due = await store.ReadDue(clock.GetUtcNow(), skip: stay).ConfigureAwait(false);
            foreach (var entry in due)
            {
                cancellationToken.ThrowIfCancellationRequested();
                try
                {
                    stay += await Run(entry).ConfigureAwait(false) ? 0 : 1;
                }
                catch (Exception fault) when (fault is not ConnectionException { IsTransient: true })
                {
                    stay++;
                    refusal = fault;
                }
            }
        } while (due.Count == PeriodicStore.MostDue);

        if (refusal is not null)
        {
            throw new InvalidOperationException($"A periodic job stays due: {refusal.Message}", refusal);
        }
    }

    // False when it may still be due, since another process ran or changed it meanwhile.
    async Task<bool> Run(PeriodicEntry entry)
    {
        if (Plan(entry) is not { } plan)
        {
            await store.Pause(entry).ConfigureAwait(false);
            return true;
        }

        var held = await store.Run(entry, plan.Run, plan.Request, plan.Next).ConfigureAwait(false);
        if (held is null)
        {
            return false;
        }

        if (held.Count > 0)
        {
            await uniques.Repeat(plan.Request!, held).ConfigureAwait(false);
        }

        if (plan.Run is null)
        {
            LogContext.Warning?.Log(
                "Periodic job {Name} was due at {Due} and is skipped: that is longer ago than {CatchUp}",
                entry.Id,
                entry.Due,
                plan.Job.CatchUp
            );
        }
        else
        {
            LogContext.Debug?.Log("Periodic job {Name} of {Run} is enqueued", entry.Id, plan.Run);
        }

        return true;
    }

    // Null when no run can be created from the stored value, whatever the reason: it would stay due forever.
    RunPlan? Plan(PeriodicEntry entry)
    {
        if (entry.Json is null)
        {
            return null;
        }

        try
        {
            var now = clock.GetUtcNow();
            var job = PeriodicJob.Read(entry.Id, entry.Json);
            var oldest = now - (job.CatchUp > tolerance ? job.CatchUp : tolerance);
            var run = job.Schedule.Last(entry.Due > oldest ? entry.Due!.Value : oldest, now);
            var request = run is { } time ? PeriodicRun.Request(job, time, now, times) : null;
            return new RunPlan(job, run, request, job.Next(now));
        }
        catch (Exception fault)
        {
            LogContext.Error?.Log(
                fault,
                "Periodic job {Name} cannot be read, and is paused until it is declared again",
                entry.Id
            );
            return null;
        }
    }

    // `Run` is null when the due run is skipped, `Next` when there is no further run.
    sealed record RunPlan(PeriodicJob Job, DateTimeOffset? Run, PublishRequest? Request, DateTimeOffset? Next);
}
