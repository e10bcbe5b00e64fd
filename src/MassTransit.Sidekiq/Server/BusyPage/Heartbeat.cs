namespace MassTransit.Sidekiq;

/// Keeps this process on Sidekiq's Busy page while an endpoint of it takes jobs, and hears what is pressed there.
/// 1. Every five seconds, and at once when an endpoint comes or goes, write what the process is and which jobs run.
///    The jobs are those of that instant, as in Ruby: a job costs nothing here.
/// 2. The same step takes one signal. It is obeyed, and the next beat follows at once: it shows the effect, and takes
///    the next signal.
/// 3. What was counted since the last beat goes to Sidekiq's counters and job metrics.
/// 4. When no endpoint takes jobs any more, leave the page.
internal sealed class Heartbeat
{
    static readonly TimeSpan pruneInterval = TimeSpan.FromMinutes(1);

    readonly ProcessStore store;
    readonly Roster roster;
    readonly JobTally tally;
    readonly SidekiqGauges gauges;
    readonly RemoteControl control;
    readonly SidekiqHostConfiguration host;
    readonly DateTimeOffset startedAt;
    readonly string identity;
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
        string identity,
        SidekiqHostConfiguration host
    )
    {
        (this.store, this.roster, this.tally, this.gauges) = (store, roster, tally, gauges);
        (this.control, this.identity, this.host) = (control, identity, host);
        startedAt = host.Clock.GetUtcNow();
        Loop = new BackgroundLoop("Heartbeat", Cycle, host.Clock);
        roster.Changed += (_, _) => Loop.Wake();
        control.Changed += (_, _) => Loop.Wake();
    }

    public BackgroundLoop Loop { get; }

    /// When this process was last heard of; null while it is not listed.
    public DateTimeOffset? LastBeat { get; private set; }

    public async Task<TimeSpan> Cycle(CancellationToken cancellationToken)
    {
        var endpoints = roster.Endpoints;
        if (endpoints.Count == 0)
        {
            await End().ConfigureAwait(false);
            return host.Settings.Beat;
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
        return host.Settings.Beat;
    }

    /// Counters that Redis refuses (a key of another type) wait here, and hold up nothing else.
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
        if (prunedAt == 0 || host.Clock.GetElapsedTime(prunedAt) >= pruneInterval)
        {
            prunedAt = host.Clock.GetTimestamp();
            await store.Prune().ConfigureAwait(false);
            await (host.RunningProcess?.Redis.Skew.Look() ?? Task.CompletedTask).ConfigureAwait(false);
        }
    }

    /// No endpoint takes jobs any more.
    public async Task End()
    {
        try
        {
            await tally.Flush(host.Clock.GetUtcNow()).ConfigureAwait(false);
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

    ProcessBeat Describe(IReadOnlyList<JobWorkers> endpoints)
    {
        var now = host.Clock.GetUtcNow();
        var work = new List<(string, byte[])>();
        var first = 0;
        foreach (var endpoint in endpoints)
        {
            foreach (var (worker, job) in endpoint.Running)
            {
                // Two endpoints have two ranges of threads.
                work.Add(($"{first + worker + 1}", ProcessInfo.Work(job.Job, now - job.ElapsedTime)));
            }

            first += endpoint.Concurrency;
        }

        return new ProcessBeat
        {
            Info = ProcessInfo.Info(identity, startedAt, control.IsOff, endpoints),
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
