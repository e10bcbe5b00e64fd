namespace MassTransit.Sidekiq;

/// Enqueues periodic jobs when they are due, whoever declared them.
/// 1. Once, and again when Redis has come back without them: declare those of this application, drop those it has no more.
/// 2. Read what is due. Every process does; the step that enqueues a run notes the next in the same instant, so that of N
///    processes one enqueues it.
/// 3. A run that was missed, since no process lived, is made up for once, if it is no older than the job's window.
internal sealed class PeriodicRunner
{
    /// How late a job is noticed that another process declared.
    static readonly TimeSpan interval = TimeSpan.FromSeconds(5);

    /// Nobody is quicker than this in waking up; it is not late yet.
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

    /// Declares the jobs of this application; with true, only where they are missing.
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

    /// A message that cannot be made into a job must not hold up the jobs that stand in Redis.
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

    async Task RunDue(CancellationToken cancellationToken)
    {
        Exception? refusal = null;
        foreach (var entry in await store.ReadDue(clock.GetUtcNow()).ConfigureAwait(false))
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                await Run(entry).ConfigureAwait(false);
            }
            catch (Exception fault) when (fault is not ConnectionException { IsTransient: true })
            {
                // The others are not to wait for the one that Redis refuses.
                refusal = fault;
            }
        }

        if (refusal is not null)
        {
            throw new InvalidOperationException($"A periodic job stays due: {refusal.Message}", refusal);
        }
    }

    async Task Run(PeriodicEntry entry)
    {
        if (Read(entry) is not { } job)
        {
            await store.Pause(entry.Id).ConfigureAwait(false);
            return;
        }

        var now = clock.GetUtcNow();
        var oldest = now - (job.CatchUp > tolerance ? job.CatchUp : tolerance);
        var run = job.Schedule.Last(entry.Due > oldest ? entry.Due!.Value : oldest, now);
        var request = run is { } time ? PeriodicRun.Request(job, time, now, times) : null;
        if (!await store.Run(entry, run, request, job.Next(now)).ConfigureAwait(false))
        {
            return;
        }

        if (run is null)
        {
            LogContext.Warning?.Log(
                "Periodic job {Name} was due at {Due} and is left out: that is longer ago than {CatchUp}",
                job.Id,
                entry.Due,
                job.CatchUp
            );
        }
        else
        {
            LogContext.Debug?.Log("Periodic job {Name} of {Run} is enqueued", job.Id, run);
        }
    }

    static PeriodicJob? Read(PeriodicEntry entry)
    {
        try
        {
            return entry.Json is null ? null : PeriodicJob.Read(entry.Id, entry.Json);
        }
        catch (FormatException fault)
        {
            LogContext.Error?.Log(
                fault,
                "Periodic job {Name} cannot be read, and is paused until it is declared anew",
                entry.Id
            );
            return null;
        }
    }
}
