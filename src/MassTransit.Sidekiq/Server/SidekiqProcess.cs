using System.Collections.Concurrent;
using System.Globalization;
using MassTransit.Middleware;

namespace MassTransit.Sidekiq;

/// What one bus is in Redis: its connection, its identity, and, once an endpoint runs, the loops of a Sidekiq process
/// (lease, rescue of dead processes' jobs, due jobs, heartbeat). A bus that only sends starts no loop and leaves no trace.
internal sealed class SidekiqProcess : Agent
{
    readonly SidekiqHostConfiguration host;
    readonly Lock gate = new();
    readonly ConcurrentDictionary<Uri, Func<Task>> subscribers = new();
    readonly List<BackgroundLoop> loops = [];
    readonly DueJobPoller poller;
    readonly PeriodicRunner periodic;
    readonly Heartbeat heartbeat;
    readonly SidekiqGauges gauges;
    readonly PoolWatch pool;
    readonly CancellationTokenRegistration hostStops;
    readonly TimeSpan lease;
    bool hasBegun;

    public SidekiqProcess(SidekiqHostConfiguration host)
    {
        this.host = host;
        lease = host.Settings.Lease;

        var keys = new RedisKeys(host.Settings.KeyPrefix, Identity);
        Redis = new RedisConnection(host.Settings.ToRedisSettings(), Logger(host), host.Clock);
        Jobs = new JobStore(Redis, keys);
        Completions = new CompletionStore(Redis, keys);
        Search = new JobSearch(Redis, keys);
        Topics = new TopicStore(Redis, keys);
        Claims = new ClaimStore(Redis, keys, host.Settings.DeadSet);
        Leases = new LeaseStore(Redis, keys, host.Settings.DeadSet);
        DueJobs = new DueJobStore(Redis, keys, host.Settings.DeadSet);
        Inspection = new InspectionStore(Redis, keys);
        poller = new DueJobPoller(DueJobs, host.Settings.TimeFormat, host.Settings.MovesRubyJobs, host.Clock);
        Tally = new JobTally(new StatStore(Redis, keys));
        Periodic = new PeriodicStore(Redis, keys);
        periodic = new PeriodicRunner(Periodic, host.Settings.TimeFormat, host.Clock, () => Redis.Epoch);
        Control = new RemoteControl(host, Roster, Redis.Logger);
        gauges = new SidekiqGauges(Roster, Inspection, host.Clock);
        heartbeat = new Heartbeat(new ProcessStore(Redis, keys), Roster, Tally, gauges, Control, Identity, host);
        pool = new PoolWatch(Redis.Logger);
        Unsettled = new UnsettledJobs(Redis, host.Clock);
        Reconciler = new ClaimReconciler(Redis, Claims, Unsettled, host.Clock);
        Temporary = new TemporaryQueues(Topics, host.AnswerQueues);
        Subscriptions = new OwnSubscriptions(host.SubscribingEndpoints, Redis.Logger);
        hostStops = host.Lifetime?.ApplicationStopping.Register(() => Control.Quiet("the end of the host")) ?? default;
        Lines = new WaitingLines(
            host.Settings.MaxWaitingConnections,
            Claims,
            queue => new QueueWaiter(Redis, keys, Claims, queue)
        );
    }

    /// As Ruby's: host, process id, and six random bytes that tell a restarted process from its predecessor.
    public string Identity { get; } =
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Environment.MachineName}:{Environment.ProcessId}:{Convert.ToHexStringLower(Guid.NewGuid().ToByteArray().AsSpan(0, 6))}"
        );

    public Roster Roster { get; } = new();

    public RemoteControl Control { get; }

    public DateTimeOffset? LastBeat => heartbeat.LastBeat;

    public JobTally Tally { get; }

    public RedisConnection Redis { get; }

    public JobStore Jobs { get; }

    public CompletionStore Completions { get; }

    public JobSearch Search { get; }

    public TopicStore Topics { get; }

    public ClaimStore Claims { get; }

    public WaitingLines Lines { get; }

    public ClaimReconciler Reconciler { get; }

    public UnsettledJobs Unsettled { get; }

    public OwnSubscriptions Subscriptions { get; }

    public TemporaryQueues Temporary { get; }

    public LeaseStore Leases { get; }

    public PeriodicStore Periodic { get; }

    public DueJobStore DueJobs { get; }

    public InspectionStore Inspection { get; }

    /// Must be done before anything is claimed: a claim without a lease would be rescued while its job runs, one without
    /// an owner would never be.
    public async Task Begin(IReadOnlyList<string> queues)
    {
        Leases.Own(queues);
        await RenewLease().ConfigureAwait(false);
        StartLoops();
    }

    /// A process with endpoints runs the periodic jobs of all applications; one without, only if it must, for its own.
    public void RunPeriodic(Func<bool, Task> declare, bool mustRun)
    {
        periodic.Declare = declare;
        if (mustRun)
        {
            Start(periodic.Loop);
        }

        periodic.Loop.Wake();
    }

    /// At once, in this process; others notice within seconds.
    /// <exception cref="ArgumentException">Its schedule has no run to come.</exception>
    public async Task SchedulePeriodic(PeriodicJob job)
    {
        var due =
            job.Next(host.Clock.GetUtcNow())
            ?? throw new ArgumentException(
                $"'{job.Cron}' has no run between {job.From:O} and {job.Until:O}.",
                nameof(job)
            );
        await Periodic.Register(owner: null, [(job, due)]).ConfigureAwait(false);
        periodic.Loop.Wake();
    }

    /// A lease that is gone has ended, because this process stood still, or went with everything else in Redis (FLUSHALL,
    /// which breaks no connection). Nobody can tell which, so what was declared is declared again.
    public async Task RenewLease()
    {
        if (!await Leases.Renew(lease).ConfigureAwait(false) && !subscribers.IsEmpty)
        {
            Redis.Emptied();
            await Task.WhenAll(subscribers.Values.Select(subscribe => subscribe())).ConfigureAwait(false);
        }
    }

    /// `subscribe` is called again when Redis may have been emptied.
    public void KeepSubscribed(Uri endpoint, Func<Task> subscribe) => subscribers[endpoint] = subscribe;

    public void RemoveSubscriber(Uri endpoint) => subscribers.TryRemove(endpoint, out _);

    public async Task Schedule(ReadOnlyMemory<byte> json, DateTimeOffset due, Guid? token)
    {
        await Jobs.Schedule(json, due, token).ConfigureAwait(false);
        poller.Expect(due);
    }

    public async Task<bool> Retry(Delivery delivery, ReadOnlyMemory<byte> json, DateTimeOffset due)
    {
        var moved = await Claims.Retry(delivery, json, due).ConfigureAwait(false);
        poller.Expect(due);

        return moved;
    }

    public async Task<bool> Reschedule(Delivery delivery, ReadOnlyMemory<byte> json, DateTimeOffset due)
    {
        var moved = await Claims.Reschedule(delivery, json, due).ConfigureAwait(false);
        poller.Expect(due);

        return moved;
    }

    /// Somebody moved the job to the dead set by hand: a death as well, as it is in Ruby's API.
    public Task Killed(ReadOnlyMemory<byte> json, string queue) =>
        host.Deaths.Tell(json, queue, new SidekiqJobKilledException());

    public async Task Publish(PublishRequest request)
    {
        await Topics.Publish(request).ConfigureAwait(false);
        if (request.Due is { } due)
        {
            poller.Expect(due);
        }
    }

    protected override async Task StopAgent(StopContext context)
    {
        List<BackgroundLoop> running;
        lock (gate)
        {
            running = [.. loops];
            loops.Clear();
        }

        await hostStops.DisposeAsync().ConfigureAwait(false);
        gauges.Stop();
        await Task.WhenAll(running.Select(loop => loop.DisposeAsync().AsTask())).ConfigureAwait(false);
        if (running.Count > 0)
        {
            await Release().ConfigureAwait(false);
        }

        pool.Stop();
        await Lines.DisposeAsync().ConfigureAwait(false);
        await Redis.DisposeAsync().ConfigureAwait(false);
        await base.StopAgent(context).ConfigureAwait(false);
    }

    void StartLoops()
    {
        lock (gate)
        {
            if (hasBegun)
            {
                return;
            }

            hasBegun = true;
        }

        var alive = new BackgroundLoop("Lease", KeepAlive, host.Clock);
        Redis.Back += (_, _) => alive.Wake();
        var rescuer = new OrphanRescuer(Redis, Leases, host.Deaths, host.Clock, lease);
        var rescue = new BackgroundLoop("Rescue of orphaned jobs", rescuer.Cycle, host.Clock);
        pool.Start();
        gauges.Start();
        Array.ForEach(
            [alive, rescue, Reconciler.Loop, Unsettled.Loop, poller.Loop, heartbeat.Loop, periodic.Loop],
            Start
        );
    }

    void Start(BackgroundLoop loop)
    {
        lock (gate)
        {
            if (!loops.Contains(loop) && !IsStopping)
            {
                loops.Add(loop);
                loop.Start();
            }
        }
    }

    async Task<TimeSpan> KeepAlive(CancellationToken cancellationToken)
    {
        await RenewLease().ConfigureAwait(false);
        await Temporary.Renew().ConfigureAwait(false);
        return lease / 5;
    }

    /// A clean stop leaves nothing claimed.
    async Task Release()
    {
        var farewell = new Farewell($"jobs still claimed are rescued when the lease of {Identity} ends");
        await farewell.Try("leave the Busy page", heartbeat.End).ConfigureAwait(false);
        await farewell.Try("return unsettled jobs", () => Unsettled.Return(Claims)).ConfigureAwait(false);
        await farewell.Try("end the lease", Leases.Release).ConfigureAwait(false);
    }

    static Microsoft.Extensions.Logging.ILogger Logger(SidekiqHostConfiguration host) =>
        (host.LogContext ?? LogContext.Current)?.Logger
        ?? Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;
}
