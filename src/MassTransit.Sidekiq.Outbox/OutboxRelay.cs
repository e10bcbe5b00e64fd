using MassTransit.Transports;
using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq;

/// Drains one outbox while the bus runs.
/// 1. Take the oldest transactions that no other host drains (SKIP LOCKED), whole ones, up to the batch size.
/// 2. Push their messages in one pipelined step.
/// 3. Remove them and commit. A kill before the commit sends them again, with the same job ids.
/// 4. Go on while batches are full, then sleep: until a commit of this process or a NOTIFY of another one, or the poll, whose
///    pause doubles from 50 ms to the poll interval.
/// While Redis is away everything waits, and nothing is tried until it is back.
internal sealed class OutboxRelay<TDbContext>(
    OutboxStore<TDbContext> store,
    OutboxListener<TDbContext> listener,
    OutboxSettings<TDbContext> settings,
    OutboxSignal<TDbContext> signal,
    OutboxMonitor<TDbContext> monitor,
    Func<IBusInstance> instance,
    Func<SidekiqHostConfiguration> host,
    Func<LedgerKeeper<TDbContext>?> createKeeper,
    OutboxDatabase<TDbContext> database,
    TimeProvider clock
) : BusLifetime(instance)
    where TDbContext : DbContext
{
    static readonly TimeSpan shortestPause = TimeSpan.FromMilliseconds(50);
    static readonly TimeSpan outagePause = TimeSpan.FromMilliseconds(500);

    readonly List<BackgroundLoop> loops = [];
    readonly SemaphoreSlim oneAtATime = new(1, 1);
    OutboxTake take = OutboxTake.First(settings.Options.BatchSize);
    TimeSpan pause = shortestPause;
    SidekiqProcess? process;
    LedgerKeeper<TDbContext>? keeper;
    JobPush? push;

    protected override void Start(IBusInstance bus)
    {
        process = host().Process;
        process.Redis.Back += OnBack;
        keeper = createKeeper();
        push = new JobPush(host(), keeper?.Ledger);

        if (database.IsConnectionShared())
        {
            database.SayConnectionIsShared();
            signal.Inline = DrainNow;
            return;
        }

        Loop($"Draining the outbox of {settings.Name}", Cycle);
        Loop($"Listening for messages in {settings.Name}", token => listener.Listen(Wake, token));
        Loop($"Cleaning the inbox of {settings.Name}", new InboxCleaner<TDbContext>(store, settings, clock).Cycle);
        if (keeper is not null)
        {
            Loop($"Keeping the ledger of {settings.Name}", keeper.Cycle);
        }

        signal.Inline = settings.Options.IsInline ? DrainNow : null;
        signal.Committed += OnCommitted;
        loops.ForEach(loop => loop.Start());
    }

    protected override async Task Stop()
    {
        signal.Inline = null;
        signal.Committed -= OnCommitted;
        await Task.WhenAll(loops.Select(loop => loop.DisposeAsync().AsTask())).ConfigureAwait(false);
        loops.Clear();
        if (process is not null)
        {
            process.Redis.Back -= OnBack;
        }
    }

    void Loop(string name, Func<CancellationToken, Task<TimeSpan>> cycle) =>
        loops.Add(new BackgroundLoop(name, database.OnceComplete(cycle), clock));

    internal async Task<TimeSpan> Cycle(CancellationToken cancellationToken)
    {
        await oneAtATime.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await DrainAll(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    /// The change is committed whatever becomes of its messages: their failure is the loop's matter, not the caller's.
    async Task DrainNow(CancellationToken cancellationToken) =>
        await ((Task)Cycle(cancellationToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// Drains until nothing is left, and answers how long to sleep.
    async Task<TimeSpan> DrainAll(CancellationToken cancellationToken)
    {
        bool isFull;
        do
        {
            if (process?.Redis.Outage is not null)
            {
                return outagePause;
            }

            monitor.Look();
            var batch = await store.Claim(take, cancellationToken).ConfigureAwait(false);
            await using var _ = batch.ConfigureAwait(false);
            if (batch.IsEmpty)
            {
                return Idle();
            }

            var keep = keeper is null ? null : await keeper.Terms().ConfigureAwait(false);
            var isDrained = await Drain(batch, keep).ConfigureAwait(false);
            if (!isDrained)
            {
                return outagePause;
            }

            (pause, take, isFull) = (shortestPause, batch.Next!, batch.IsFull);
        } while (isFull && !cancellationToken.IsCancellationRequested);

        return shortestPause;
    }

    /// False when messages were left because Redis is away.
    async Task<bool> Drain(OutboxBatch batch, LedgerTerms? keep)
    {
        var outcome = await push!.Push(batch.Messages).ConfigureAwait(false);

        // What was pushed must be removed even when the bus stops just now, or it is pushed twice.
        await batch.Finish(outcome, clock.GetUtcNow().UtcDateTime, keep, CancellationToken.None).ConfigureAwait(false);

        monitor.Drained(batch.Messages.Count - outcome.LeftCount, outcome.Faults);

        if (outcome.Outage is SidekiqRedisException refused)
        {
            // Not an outage that somebody has announced: waiting cures it only if a person does something.
            throw refused;
        }

        return outcome.Outage is null;
    }

    TimeSpan Idle()
    {
        var next = pause;
        pause = TimeSpan.FromTicks(Math.Min(settings.Options.PollInterval.Ticks, pause.Ticks * 2));

        return next;
    }

    void Wake() => loops.FirstOrDefault()?.Wake();

    void OnCommitted(object? sender, EventArgs none) => Wake();

    void OnBack(object? sender, RedisOutage outage) => Wake();
}
