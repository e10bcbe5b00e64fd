namespace MassTransit.Sidekiq;

/// <summary>
/// Keeps this process on Sidekiq's Busy page while one of its endpoints takes jobs, and receives the signals of its buttons.
/// 1. Every five seconds, and at once when an endpoint starts or stops, write the process's description and its running jobs.
///    The jobs are those of that instant, as in Ruby: a job costs nothing here.
/// 2. The same step takes one signal. It is obeyed, and the next beat follows at once: it shows the effect, and takes the next
///    signal.
/// 3. The counts since the last beat are added to Sidekiq's counters and job metrics.
/// 4. The answer tells how many processes there are, among which the polling is divided.
/// 5. When no endpoint takes jobs anymore, the process leaves the page.
/// </summary>
internal sealed class Heartbeat
{
    static readonly TimeSpan pruneInterval = TimeSpan.FromMinutes(1);

    readonly ProcessStore store;
    readonly Roster roster;
    readonly JobTally tally;
    readonly SidekiqGauges gauges;
    readonly RemoteControl control;
    readonly ClockSkew skew;
    readonly Fleet fleet;
    readonly TimeSpan interval;
    readonly TimeProvider clock;
    readonly DateTimeOffset startedAt;
    TimeSpan roundTrip;
    long prunedAt;
    bool isListed;
    bool isRefused;

    public Heartbeat(
        ProcessStore store,
        Roster roster,
        JobTally tally,
        SidekiqGauges gauges,
        RemoteControl control,
        ClockSkew skew,
        Fleet fleet,
        TimeSpan interval,
        TimeProvider clock
    )
    {
        (this.store, this.roster, this.tally, this.gauges) = (store, roster, tally, gauges);
        (this.control, this.skew, this.fleet) = (control, skew, fleet);
        (this.interval, this.clock) = (interval, clock);
        startedAt = clock.GetUtcNow();
        Loop = new BackgroundLoop("Heartbeat", Cycle, clock);
        roster.Changed += (_, _) => Loop.Wake();
        control.Changed += (_, _) => Loop.Wake();
    }

    public required string Identity { get; init; }

    public BackgroundLoop Loop { get; }

    // The time of the last beat; null while the process is not listed.
    public DateTimeOffset? LastBeat { get; private set; }

    public async Task<TimeSpan> Cycle(CancellationToken cancellationToken)
    {
        var endpoints = roster.Endpoints;
        if (endpoints.Count == 0)
        {
            await End().ConfigureAwait(false);
            return interval;
        }

        var beat = Describe(endpoints);
        var started = RealTime.Clock.GetTimestamp();
        isListed = true;
        var (signal, processes) = await store.Beat(beat).ConfigureAwait(false);
        roundTrip = RealTime.Clock.GetElapsedTime(started);
        LastBeat = beat.Time;
        fleet.Processes = processes;

        // First: the signal has been taken, and a failure of a later step must not lose it.
        if (signal is not null)
        {
            control.Obey(signal);
        }

        await Flush(beat.Time).ConfigureAwait(false);
        if (signal is not null)
        {
            return TimeSpan.Zero;
        }

        await gauges.Look().ConfigureAwait(false);
        await Prune().ConfigureAwait(false);
        return interval;
    }

    // Counters that Redis refuses (a key of another type) are kept here, and delay nothing else.
    async Task Flush(DateTimeOffset now)
    {
        try
        {
            await tally.Flush(now).ConfigureAwait(false);
            isRefused = false;
        }
        catch (SidekiqRedisException refusal)
        {
            if (!isRefused)
            {
                isRefused = true;
                LogContext.Warning?.Log(
                    refusal,
                    "Redis refuses the counters of this process, which are kept until it accepts them"
                );
            }
        }
    }

    async Task Prune()
    {
        if (prunedAt == 0 || clock.GetElapsedTime(prunedAt) >= pruneInterval)
        {
            prunedAt = clock.GetTimestamp();
            await store.Prune().ConfigureAwait(false);
            await skew.Look().ConfigureAwait(false);
        }
    }

    // Called when no endpoint takes jobs anymore.
    public async Task End()
    {
        try
        {
            await tally.Flush(clock.GetUtcNow()).ConfigureAwait(false);
        }
        finally
        {
            // Counters that Redis refuses do not keep the process on the page.
            if (isListed)
            {
                await store.Leave().ConfigureAwait(false);
                isListed = false;
                LastBeat = null;
            }
        }
    }

    // What of a job others may see.
    public Func<SidekiqJob, SidekiqJob> Shown { get; init; } = job => job;

    ProcessBeat Describe(IReadOnlyList<EndpointWork> endpoints)
    {
        var now = clock.GetUtcNow();
        var work = new List<(string, byte[])>();
        var first = 0;
        foreach (var endpoint in endpoints)
        {
            foreach (var (worker, run, elapsed) in endpoint.Running)
            {
                // Each endpoint has its own range of thread numbers.
                work.Add(($"{first + worker + 1}", ProcessInfo.Work(Shown(run.Job), now - elapsed)));
            }

            first += endpoint.Concurrency;
        }

        return new ProcessBeat
        {
            Info = ProcessInfo.Info(Identity, startedAt, control.IsOff, endpoints),
            Time = now,
            Concurrency = first,
            Busy = work.Count,
            IsQuiet = control.IsQuiet || endpoints.All(endpoint => endpoint.IsStopping),
            RoundTrip = roundTrip,
            ResidentBytes = Environment.WorkingSet,
            Work = work,
        };
    }
}
