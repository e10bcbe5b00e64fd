using MassTransit.Transports;
using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq;

/// <summary>
/// Drains one outbox while the bus runs.
/// 1. Take the oldest transactions that no other host drains (SKIP LOCKED), whole ones, up to the batch size.
/// 2. Make their jobs, and remove the messages. If the database refuses this, nothing has been sent.
/// 3. Push the jobs in one pipelined step.
/// 4. Commit. A kill before it sends them again, with the same job ids.
/// 5. Continue while batches are full, then sleep: until a commit of this process or a NOTIFY of another one, or the poll, whose
///    pause doubles from 50 ms to the poll interval.
/// While Redis is unreachable everything waits, and nothing is tried until it is back. While it refuses everything (its memory
/// is full, for instance) one message is tried from time to time.
/// </summary>
internal sealed class OutboxRelay<TDbContext>(
    OutboxStore<TDbContext> store,
    OutboxListener<TDbContext> listener,
    OutboxSettings<TDbContext> settings,
    OutboxSignal<TDbContext> signal,
    OutboxMonitor<TDbContext> monitor,
    Func<IBusInstance> instance,
    Func<BusRuntime> runtime,
    Func<LedgerKeeper<TDbContext>?> createKeeper,
    OutboxDatabase<TDbContext> database,
    TimeProvider clock
) : BusLifetime(instance)
    where TDbContext : DbContext
{
    static readonly TimeSpan shortestPause = TimeSpan.FromMilliseconds(50);
    static readonly TimeSpan outagePause = TimeSpan.FromMilliseconds(500);

    // What was pushed should be removed even if the bus is stopping, if the database answers in time.
    static readonly TimeSpan lastMoment = TimeSpan.FromMilliseconds(700);

    readonly List<BackgroundLoop> loops = [];
    readonly SemaphoreSlim oneAtATime = new(1, 1);
    OutboxTake take = OutboxTake.First(settings.Options.BatchSize);
    TimeSpan pause = shortestPause;
    BackOff refusals = new();
    bool isRefused;
    bool claimsAhead;
    SidekiqProcess? process;
    LedgerKeeper<TDbContext>? keeper;
    JobPush? push;

    // Under a test harness, which asks for each drain.
    public bool IsHeld { get; init; }

    protected override void Start(IBusInstance bus)
    {
        process = runtime().Process;
        process.Redis.Back += OnBack;
        keeper = createKeeper();
        push = new JobPush(runtime());

        if (IsHeld)
        {
            signal.Requested = Cycle;
            signal.Inline = settings.Options.IsInline ? DrainNow : null;
            return;
        }

        if (database.IsConnectionShared())
        {
            database.SayConnectionIsShared();
            signal.Inline = DrainNow;
            return;
        }

        claimsAhead = true;
        Loop($"Draining the outbox of {settings.Name}", Cycle);
        Loop($"Listening for messages in {settings.Name}", token => listener.Listen(Wake, token));
        Loop($"Cleaning the inbox of {settings.Name}", new InboxCleaner<TDbContext>(store, settings, clock).Cycle);
        if (keeper is not null)
        {
            Loop($"Keeping the ledger of {settings.Name}", keeper.Cycle);
        }

        signal.Inline = settings.Options.IsInline ? DrainNow : null;
        signal.Committed += OnCommitted;
        Run(bus, loops);
    }

    protected override async Task Stop()
    {
        (signal.Inline, signal.Requested) = (null, null);
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

    // The change is committed whatever happens to its messages: the loop handles their failure, not the caller.
    async Task DrainNow(CancellationToken cancellationToken) =>
        await ((Task)Cycle(cancellationToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    // Drains until nothing is left, and returns how long to sleep. The next batch is claimed while the last one is removed, sent
    // and committed, which are done with one batch after another.
    async Task<TimeSpan> DrainAll(CancellationToken cancellationToken)
    {
        Task<Claimed>? ahead = null;
        try
        {
            bool isFull;
            do
            {
                if (process?.Redis.Outage is not null)
                {
                    return outagePause;
                }

                monitor.Look();
                var claiming = ahead ?? Claim(isRefused ? OutboxTake.One : take, cancellationToken);
                ahead = null;
                var (batch, keep) = await claiming.ConfigureAwait(false);
                await using var _ = batch.ConfigureAwait(false);
                if (batch.IsEmpty)
                {
                    return Idle();
                }

                if (!isRefused)
                {
                    take = batch.Next!;
                    ahead = claimsAhead && batch.LetsClaimAhead ? Claim(take, cancellationToken) : null;
                }

                if (await Drain(batch, keep, cancellationToken).ConfigureAwait(false) is { } outage)
                {
                    monitor.Waits(outage);
                    isRefused = true;

                    return refusals.Next();
                }

                (pause, isFull) = (shortestPause, isRefused || batch.IsFull);
                isRefused = false;
                refusals.Reset();
            } while (isFull && !cancellationToken.IsCancellationRequested);

            return shortestPause;
        }
        finally
        {
            await Release(ahead).ConfigureAwait(false);
        }
    }

    async Task<Claimed> Claim(OutboxTake next, CancellationToken cancellationToken)
    {
        // Before anything is locked: it may have to write to the same database.
        var keep = keeper is null ? null : await keeper.Terms(cancellationToken).ConfigureAwait(false);
        return new Claimed(await store.Claim(next, cancellationToken).ConfigureAwait(false), keep);
    }

    // What was claimed ahead of a failure is left to whoever claims next. Its own failure will meet them too.
    static async Task Release(Task<Claimed>? ahead)
    {
        if (ahead is null)
        {
            return;
        }

        await ((Task)ahead).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (ahead.IsCompletedSuccessfully)
        {
            await (await ahead.ConfigureAwait(false)).Batch.DisposeAsync().ConfigureAwait(false);
        }
    }

    // Why messages were left, if any were.
    async Task<Exception?> Drain(OutboxBatch batch, LedgerTerms? keep, CancellationToken stopping)
    {
        using var end = new CancellationTokenSource();
        using var _ = stopping.Register(() => end.CancelAfter(lastMoment));
        var run = push!.Prepare(batch.Messages, batch.Unreadable, keep?.Ledger);
        var (outcome, now) = (run.Outcome, clock.GetUtcNow().UtcDateTime);

        await batch.End(outcome, now, keep, end.Token).ConfigureAwait(false);
        await run.Send(end.Token).ConfigureAwait(false);
        if (batch.Messages.Count > 0 && outcome.LeftCount == batch.Messages.Count)
        {
            return outcome.Outage;
        }

        var notKept = await batch.Correct(outcome, now, keep, end.Token).ConfigureAwait(false);
        await batch.Commit(end.Token).ConfigureAwait(false);
        monitor.Drained(batch, outcome, notKept);

        return outcome.Outage;
    }

    sealed record Claimed(OutboxBatch Batch, LedgerTerms? Keep);

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
