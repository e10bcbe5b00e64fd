namespace MassTransit.Sidekiq;

/// <summary>
/// Keeps this process on Sidekiq's Busy page while an endpoint of it takes jobs, and hears what is pressed there.
/// 1. Every five seconds, and at once when an endpoint comes or goes, write what the process is and which jobs run.
///    The jobs are those of that instant, as in Ruby: a job costs nothing here.
/// 2. The same step takes one signal. It is obeyed, and the next beat follows at once: it shows the effect, and takes
///    the next signal.
/// 3. What was counted since the last beat goes to Sidekiq's counters and job metrics.
/// 4. When no endpoint takes jobs any more, leave the page.
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
    readonly TimeSpan interval;
    readonly TimeProvider clock;
    readonly DateTimeOffset startedAt;
    TimeSpan roundTrip;
    long prunedAt;
    bool isListed;
    bool areRefused;

    public Heartbeat(
        ProcessStore store,
        Roster roster,
        JobTally tally,
        SidekiqGauges gauges,
        RemoteControl control,
        ClockSkew skew,
        TimeSpan interval,
        TimeProvider clock
    )
    {
        (this.store, this.roster, this.tally, this.gauges) = (store, roster, tally, gauges);
        (this.control, this.skew, this.interval, this.clock) = (control, skew, interval, clock);
        startedAt = clock.GetUtcNow();
        Loop = new BackgroundLoop("Heartbeat", Cycle, clock);
        roster.Changed += (_, _) => Loop.Wake();
        control.Changed += (_, _) => Loop.Wake();
    }

    public required string Identity { get; init; }

    public BackgroundLoop Loop { get; }

    // When this process was last heard of; null while it is not listed.
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
        var signal = await store.Beat(beat).ConfigureAwait(false);
        roundTrip = RealTime.Clock.GetElapsedTime(started);
        LastBeat = beat.Time;

        // First: it has been taken, and nothing that follows may lose it.
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

    // Counters that Redis refuses (a key of another type) wait here, and hold up nothing else.
    async Task Flush(DateTimeOffset now)
    {
        try
        {
            await tally.Flush(now).ConfigureAwait(false);
            areRefused = false;
        }
        catch (SidekiqRedisException refusal)
        {
            if (!areRefused)
            {
                areRefused = true;
                LogContext.Warning?.Log(
                    refusal,
                    "Redis refuses the counters of this process, which wait until it takes them"
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

    // No endpoint takes jobs any more.
    public async Task End()
    {
        try
        {
            await tally.Flush(clock.GetUtcNow()).ConfigureAwait(false);
        }
        finally
        {
            // Counters that Redis refuses do not keep us on the page.
            if (isListed)
            {
                await store.Leave().ConfigureAwait(false);
                isListed = false;
                LastBeat = null;
            }
        }
    }

    ProcessBeat Describe(IReadOnlyList<EndpointWork> endpoints)
    {
        var now = clock.GetUtcNow();
        var work = new List<(string, byte[])>();
        var first = 0;
        foreach (var endpoint in endpoints)
        {
            foreach (var (worker, job, elapsed) in endpoint.Running)
            {
                // Two endpoints have two ranges of threads.
                work.Add(($"{first + worker + 1}", ProcessInfo.Work(job, now - elapsed)));
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
