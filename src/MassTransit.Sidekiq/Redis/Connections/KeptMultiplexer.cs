using System.Net;
using StackExchange.Redis;

namespace MassTransit.Sidekiq;

/// <summary>
/// One multiplexer: opened at first use, and reopened when it stops answering, finds itself on a replica, or when another
/// server has become the primary. Beyond what StackExchange.Redis does by itself:
/// 1. A server that does not answer within the command timeout is left; the client would wait four times as long.
/// 2. Where several servers may replace each other, a broken connection is not repaired: PrimaryWatch decides where to
///   open the next one.
/// 3. An outage ends when Redis answers a PING, not when it accepts a connection: it may still be loading its data set.
/// </summary>
internal sealed class KeptMultiplexer : IAsyncDisposable
{
    const string Replica = "READONLY: it is a replica now";
    static readonly TimeSpan watchPeriod = TimeSpan.FromSeconds(1);
    readonly RedisSettings settings;
    readonly PrimaryWatch primary;
    readonly Action<string?> report;
    readonly ConnectionIds? ids;
    readonly Lock gate = new();
    readonly SilenceWatch silence;

    ITimer? watch;
    Task<IDatabase>? opening;
    Task verifying = Task.CompletedTask;
    volatile IConnectionMultiplexer? multiplexer;
    volatile IDatabase? database;
    volatile EndPoint? server;
    volatile bool isReplica;
    volatile bool isLost;
    bool isDisposed;
    long reopenedAt;
    long failedAt;

    // `report` gets every change: the reason when Redis is lost, null when it answers. `ids` gets each connection's before that.
    public KeptMultiplexer(RedisSettings settings, PrimaryWatch primary, Action<string?> report, ConnectionIds? ids)
    {
        (this.settings, this.primary, this.report, this.ids) = (settings, primary, report, ids);
        silence = new SilenceWatch(settings.CommandTimeout);
        primary.Changed += OnPrimaryChanged;
    }

    public bool IsConnected => multiplexer is { } open && PrimaryWatch.PrimaryOf(open) is not null;

    // Opens the multiplexer when needed. Completes after the first attempt, connected or not: if Redis is unreachable, the
    // command that follows fails at once.
    public ValueTask<IDatabase> Database() => database is { } open ? new(open) : new(Opening());

    // A server that answers READONLY was the primary before: look again.
    public void MetReplica()
    {
        isReplica = true;
        Reopen(Replica);
    }

    // The server refuses everything. The PINGs of the watch detect when that ends.
    public void Refused(Exception outage) => Report(RedisErrors.Reason(outage));

    public async ValueTask DisposeAsync()
    {
        primary.Changed -= OnPrimaryChanged;
        Task<IDatabase>? last;
        lock (gate)
        {
            (isDisposed, last) = (true, opening);
        }

        if (last is not null)
        {
            // One that is still being opened, since Redis is silent, is closed once it is open.
            await Task.WhenAny(last, Task.Delay(watchPeriod, RealTime.Clock)).ConfigureAwait(false);
            _ = last.ContinueWith(_ => Close(), TaskScheduler.Default);
        }

        if (watch is not null)
        {
            await watch.DisposeAsync().ConfigureAwait(false);
        }

        Close();
    }

    Task<IDatabase> Opening()
    {
        settings.ThrowIfAbsent();
        lock (gate)
        {
            if (isDisposed)
            {
                return Task.FromException<IDatabase>(
                    new ConnectionException($"The connection to {settings.Address} was closed with its bus or host.")
                );
            }

            watch ??= Ticks.Each(watchPeriod, RealTime.Clock, Watch);
            return database is { } open ? Task.FromResult(open) : opening ??= Open();
        }
    }

    async Task<IDatabase> Open()
    {
        // Opening() holds the lock until here.
        await Task.Yield();
        try
        {
            var next = settings.Connection ?? await Connect().ConfigureAwait(false);
            next.ConnectionFailed += OnFailed;
            next.ConnectionRestored += OnRestored;

            var open = next.GetDatabase(RedisOptions.Database(settings));
            lock (gate)
            {
                (multiplexer, database) = (next, open);
                silence.Reset();
            }

            await Verify(next, open).ConfigureAwait(false);
            return open;
        }
        catch (Exception exception) when (RedisErrors.IsRedis(exception))
        {
            Report(RedisErrors.Reason(exception));
            throw;
        }
        finally
        {
            lock (gate)
            {
                opening = null;
            }
        }
    }

    async Task<IConnectionMultiplexer> Connect()
    {
        server = await primary.Find().ConfigureAwait(false);
        return await ConnectionMultiplexer.ConnectAsync(RedisOptions.For(settings, server)).ConfigureAwait(false);
    }

    void Watch()
    {
        try
        {
            if ((multiplexer, database) is not ({ } watched, { } open))
            {
                // No command may come for a while, and the end of the outage should be noticed anyway.
                Opening().Forget();
            }
            else if (silence.IsTooLong(watched))
            {
                Reopen($"no answer for {settings.CommandTimeout.TotalSeconds} s");
            }
            else if (primary.HasMoved(server) || (primary.MayChange && !watched.IsConnected))
            {
                Lose("another server may be the primary now", replace: true);
            }
            // Events can be missed between connecting and listening, and a connection that has broken looks open for a moment.
            else if (
                isLost || (!IsConnected && RealTime.Clock.GetElapsedTime(Volatile.Read(ref failedAt)) >= watchPeriod)
            )
            {
                BeginVerify(watched, open);
            }
        }
        catch (Exception exception) when (RedisErrors.IsRedis(exception))
        {
            // It was closed meanwhile.
        }
    }

    void BeginVerify(IConnectionMultiplexer current, IDatabase open)
    {
        lock (gate)
        {
            if (verifying.IsCompleted && opening is null)
            {
                verifying = Verify(current, open);
            }
        }
    }

    // Reports whether the link works. Never fails.
    async Task Verify(IConnectionMultiplexer current, IDatabase open)
    {
        try
        {
            await open.PingAsync().ConfigureAwait(false);
            isReplica = !await PrimaryWatch.HasPrimary(current, lookAgain: isReplica).ConfigureAwait(false);
            await (ids?.Ask(open) ?? Task.CompletedTask).ConfigureAwait(false);
            if (current == multiplexer)
            {
                Report(isReplica ? Replica : null);
            }
        }
        catch (Exception exception) when (RedisErrors.IsRedis(exception))
        {
            if (current == multiplexer)
            {
                Report(RedisErrors.Reason(exception));
            }
        }
    }

    void Report(string? reason)
    {
        isLost = reason is not null;
        report(reason);
    }

    void Reopen(string reason)
    {
        lock (gate)
        {
            if (reopenedAt != 0 && RealTime.Clock.GetElapsedTime(reopenedAt) < watchPeriod)
            {
                return;
            }

            reopenedAt = RealTime.Clock.GetTimestamp();
        }

        // Another of several servers may be the primary; a single server may become it again.
        Lose(reason, replace: settings.Connection is null && (!isReplica || primary.MayChange));
    }

    void Lose(string reason, bool replace)
    {
        Report(reason);
        if (!replace)
        {
            return;
        }

        if (server is { } left)
        {
            primary.Lost(left);
        }

        isReplica = false;
        Close();
        Opening().Forget();
    }

    void OnPrimaryChanged(object? sender, EventArgs changed)
    {
        if (multiplexer is null && isLost)
        {
            Opening().Forget();
        }
        else if (multiplexer is not null && primary.HasMoved(server))
        {
            Lose("another server is the primary now", replace: true);
        }
    }

    // Closing may take as long as Redis is silent, and pending commands fail only then.
    void Close()
    {
        IConnectionMultiplexer? old;
        lock (gate)
        {
            old = multiplexer;
            (multiplexer, database) = (null, null);
        }

        if (old is null)
        {
            return;
        }

        old.ConnectionFailed -= OnFailed;
        old.ConnectionRestored -= OnRestored;
        if (settings.Connection is null)
        {
            Task.Run(() => old.CloseAsync(allowCommandsToComplete: false)).Forget();
        }
    }

    void OnFailed(object? sender, ConnectionFailedEventArgs lost)
    {
        // Of several servers of the user's own multiplexer, another may be the primary.
        if (lost.ConnectionType != ConnectionType.Interactive || (settings.Connection is not null && IsConnected))
        {
            return;
        }

        Volatile.Write(ref failedAt, RealTime.Clock.GetTimestamp());
        Lose(lost.FailureType.ToString(), replace: primary.MayChange);
    }

    void OnRestored(object? sender, ConnectionFailedEventArgs restored)
    {
        if (restored.ConnectionType == ConnectionType.Interactive && multiplexer is { } current && database is { } open)
        {
            BeginVerify(current, open);
        }
    }
}
