using MassTransit.Middleware;
using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq;

// One bus as a Sidekiq process: its identity, its connections, and, once an endpoint runs, its background loops. A bus that only
// sends starts no loop and is not registered. This class only composes its parts.
internal sealed class SidekiqProcess : Agent
{
    readonly ProcessLoops loops = new();
    readonly BackgroundLoop[] ofEndpoints;
    readonly Heartbeat heartbeat;
    readonly SidekiqGauges gauges;
    readonly PoolWatch pool;
    readonly DatabaseLookout lookout;
    readonly CancellationTokenRegistration hostStops;
    int hasBegun;

    public SidekiqProcess(
        BusSettings settings,
        Func<RedisConnection, RedisKeys, DeadSet, RedisStores> makeStores,
        JobDeaths deaths,
        OwnEndpoints endpoints,
        Redaction redaction,
        Fleet fleet,
        ILogger logger,
        TimeProvider clock
    )
    {
        var keys = new RedisKeys(settings.Options.KeyPrefix, Identity);
        Redis = new RedisConnection(settings.ToRedisSettings(), logger, clock);
        Stores = makeStores(Redis, keys, settings.DeadSet);
        Control = new RemoteControl(settings, Roster, logger);
        Tally = new JobTally(Stores.Stats);
        gauges = new SidekiqGauges(Roster, Stores.Inspection, clock);
        heartbeat = new Heartbeat(
            Stores.Processes,
            Roster,
            Tally,
            gauges,
            Control,
            Redis.Skew,
            fleet,
            settings.Beat,
            clock
        )
        {
            Identity = Identity,
            Shown = redaction.Of,
        };
        pool = new PoolWatch(logger);
        lookout = new DatabaseLookout(Stores, logger);
        Unrouted = new UnroutedPublishes(logger);

        Temporary = new TemporaryQueues(Stores.Topics, endpoints.AnswerQueues);
        Subscriptions = new OwnSubscriptions(endpoints.Subscribing, logger);
        Lease = new LeaseKeeper(Redis, Stores.Leases, Temporary, settings.Lease, clock);
        Unsettled = new UnsettledJobs(Redis, clock);
        Reconciler = new ClaimReconciler(Redis, Stores.Claims, Unsettled, clock);
        DueJobs = new DueJobPoller(Stores.DueJobs, settings.Options, fleet, clock);
        Uniques = new UniqueJobs(Stores, new HolderSearch(Stores.Search, clock), logger);
        Limits = new LimitGate(Stores.Limits, Identity, settings.Lease, clock, logger);
        Periodic = new PeriodicRunner(Stores.Periodic, Uniques, settings.Options.TimeFormat, clock, () => Redis.Epoch);
        Lines = new WaitingLines(
            settings.Options.MaxWaitingConnections,
            Stores.Claims,
            queue => new QueueWaiter(Redis, keys, Stores.Claims, queue)
        );

        ofEndpoints = LoopsOfEndpoints(
            new OrphanRescuer(Stores, deaths, fleet, clock, settings.Lease),
            settings,
            clock
        );
        Redis.Back += (_, _) => Lease.Loop.Wake();
        hostStops =
            settings.Lifetime?.ApplicationStopping.Register(() => Control.Quiet("the end of the host")) ?? default;
    }

    public string Identity { get; } = ProcessIdentity.New();

    public RedisConnection Redis { get; }

    public RedisStores Stores { get; }

    public Roster Roster { get; } = new();

    public RemoteControl Control { get; }

    public JobTally Tally { get; }

    public LeaseKeeper Lease { get; }

    public TemporaryQueues Temporary { get; }

    public OwnSubscriptions Subscriptions { get; }

    public WaitingLines Lines { get; }

    public ClaimReconciler Reconciler { get; }

    public UnsettledJobs Unsettled { get; }

    public DueJobPoller DueJobs { get; }

    public UniqueJobs Uniques { get; }

    public LimitGate Limits { get; }

    public UnroutedPublishes Unrouted { get; }

    public PeriodicRunner Periodic { get; }

    public DateTimeOffset? LastBeat => heartbeat.LastBeat;

    // Must be called before anything is claimed: a claim without a lease would be rescued while its job runs, and one without an
    // owner would never be rescued.
    public async Task Begin(IReadOnlyList<string> queues)
    {
        Stores.Leases.Own(queues);
        await Lease.Renew().ConfigureAwait(false);
        if (Interlocked.Exchange(ref hasBegun, 1) == 0)
        {
            pool.Start();
            gauges.Start();
            loops.Start(ofEndpoints);
            lookout.Look().Forget();
        }
    }

    // A process with endpoints runs the periodic jobs of all applications; one without runs them only if it declares some.
    public void RunPeriodic(Func<bool, Task> declare, bool mustRun)
    {
        Periodic.Declare = declare;
        if (mustRun)
        {
            loops.Start(Periodic.Loop);
        }

        Periodic.Loop.Wake();
    }

    protected override async Task StopAgent(StopContext context)
    {
        await hostStops.DisposeAsync().ConfigureAwait(false);
        gauges.Stop();
        if (await loops.Stop().ConfigureAwait(false))
        {
            await Release().ConfigureAwait(false);
        }

        pool.Stop();
        await Lines.DisposeAsync().ConfigureAwait(false);
        await Redis.DisposeAsync().ConfigureAwait(false);
        await base.StopAgent(context).ConfigureAwait(false);
    }

    BackgroundLoop[] LoopsOfEndpoints(OrphanRescuer rescuer, BusSettings settings, TimeProvider clock) =>
        [
            Lease.Loop,
            rescuer.Loop,
            Reconciler.Loop,
            Unsettled.Loop,
            DueJobs.Loop,
            heartbeat.Loop,
            Periodic.Loop,
            new RunningWatch(
                Roster,
                clock,
                new CancelWatch(Stores.Cancels, Roster).Look,
                new LockKeeper(Stores.Locks, Roster).Look
            ).Loop,
            new SlotKeeper(Limits, Stores.Limits, settings.Lease, clock).Loop,
        ];

    // A graceful shutdown leaves nothing claimed.
    async Task Release()
    {
        var farewell = new Farewell($"jobs still claimed are rescued when the lease of {Identity} ends");
        await farewell.Try("leave the Busy page", heartbeat.End).ConfigureAwait(false);
        await farewell.Try("return unsettled jobs", () => Unsettled.Return(Stores.Claims)).ConfigureAwait(false);
        await farewell.Try("end the lease", Stores.Leases.Release).ConfigureAwait(false);
    }
}
