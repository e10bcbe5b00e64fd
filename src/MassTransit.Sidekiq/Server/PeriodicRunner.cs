namespace MassTransit.Sidekiq;

/// <summary>
/// Enqueues periodic jobs when they are due, whoever declared them.
/// 1. Once, and again when Redis has come back without them: declare those of this application, drop those it has no more.
/// 2. Read what is due. Every process does; the step that enqueues a run notes the next in the same instant, so that of N
///    processes one enqueues it.
/// 3. A run that was missed, since no process lived, is made up for once, if it is no older than the job's window.
/// </summary>
internal sealed class PeriodicRunner
{
    // How late a job is noticed that another process declared.
    static readonly TimeSpan interval = TimeSpan.FromSeconds(5);

    // Nobody is quicker than this in waking up; it is not late yet.
    static readonly TimeSpan tolerance = TimeSpan.FromMinutes(1);

    readonly PeriodicStore store;
    readonly SidekiqTimeFormat times;
    readonly TimeProvider clock;
    readonly Func<int> epoch;
    int declared = -1;

    public PeriodicRunner(PeriodicStore store, SidekiqTimeFormat times, TimeProvider clock, Func<int> epoch)
    {
        this.store = store;
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
                $"The periodic jobs of this application are not declared, and stand in Redis as they did: {fault.Message}",
                fault
            );
        }

        var wait = first - clock.GetUtcNow() ?? interval;
        return TimeSpan.FromTicks(Math.Clamp(wait.Ticks, 0, interval.Ticks));
    }

    // A message that cannot be made into a job must not hold up the jobs that stand in Redis.
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

    // One that Redis refuses stays due; the others do not wait for it, however many there are.
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

    // False when it may still be due, since somebody ran or changed it meanwhile.
    async Task<bool> Run(PeriodicEntry entry)
    {
        if (Plan(entry) is not { } plan)
        {
            await store.Pause(entry).ConfigureAwait(false);
            return true;
        }

        if (!await store.Run(entry, plan.Run, plan.Request, plan.Next).ConfigureAwait(false))
        {
            return false;
        }

        if (plan.Run is null)
        {
            LogContext.Warning?.Log(
                "Periodic job {Name} was due at {Due} and is left out: that is longer ago than {CatchUp}",
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

    // Null when no run can be made of what stands there, whatever the reason: it would stay due for ever.
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
                "Periodic job {Name} cannot be read, and is paused until it is declared anew",
                entry.Id
            );
            return null;
        }
    }

    // `Run` is null when the run that was due is left out, `Next` when there is none to come.
    sealed record RunPlan(PeriodicJob Job, DateTimeOffset? Run, PublishRequest? Request, DateTimeOffset? Next);
}
