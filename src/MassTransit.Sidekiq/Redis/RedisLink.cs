using StackExchange.Redis;

namespace MassTransit.Sidekiq;

/// One multiplexer: opened at first use, and opened anew when it stops answering or finds itself on a replica.
/// StackExchange.Redis reconnects by itself when a connection breaks. What 1.2.6 lacks is a limit for asynchronous
/// commands: a frozen server, or a firewall that drops packets, leaves them waiting for ever. So once a second a watch
/// asks the client (not Redis) whether answers that are due still come.
internal sealed class RedisLink : IAsyncDisposable
{
    /// The network keeps real time, whatever clock the jobs live by.
    public static readonly TimeProvider Time = TimeProvider.System;

    const string Replica = "READONLY: it is a replica now";

    static readonly TimeSpan watchPeriod = TimeSpan.FromSeconds(1);

    readonly RedisSettings settings;
    readonly Action<RedisLink, string?> report;
    readonly Lock gate = new();
    readonly ScriptLoads scripts = new();
    readonly SilenceWatch silence;

    ITimer? watch;
    Task<IDatabase>? opening;
    volatile IConnectionMultiplexer? multiplexer;
    volatile IDatabase? database;
    bool isDisposed;
    volatile bool isReplica;
    long reopenedAt;
    long failedAt;

    /// `report` hears of every change: the reason when the link is lost, null when it works.
    public RedisLink(RedisSettings settings, Action<RedisLink, string?> report)
    {
        (this.settings, this.report) = (settings, report);
        silence = new SilenceWatch(settings.CommandTimeout);
    }

    public bool IsConnected => multiplexer is { IsConnected: true };

    /// Opens the multiplexer when needed. It comes back after the first attempt, connected or not: an absent Redis
    /// fails the command that follows, at once.
    public ValueTask<IDatabase> Database() => database is { } open ? new(open) : new(Opening());

    /// Runs a step.
    public Task<RedisResult> Run(Script script, RedisKey[] keys, RedisValue[] values) =>
        Call(script.Name, keys, database => scripts.Run(database, script, keys, values));

    public Task<T> Call<T>(string step, RedisKey key, Func<IDatabase, Task<T>> command) => Call(step, [key], command);

    /// Throws what the client throws.
    public async Task<IDatabase> Ping(CancellationToken cancellationToken)
    {
        var open = await Database().AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
        await open.PingAsync().Answered(settings.CommandTimeout).WaitAsync(cancellationToken).ConfigureAwait(false);
        return open;
    }

    async Task<T> Call<T>(string step, RedisKey[] keys, Func<IDatabase, Task<T>> command)
    {
        try
        {
            var open = await Database().ConfigureAwait(false);
            return await command(open).Answered(settings.CommandTimeout * 3).ConfigureAwait(false);
        }
        catch (Exception exception) when (RedisErrors.IsRedis(exception))
        {
            throw Failed(exception, step, keys);
        }
    }

    /// What the caller of a failed command sees. A replica that answers READONLY was the primary before: look again.
    Exception Failed(Exception exception, string step, params ReadOnlySpan<RedisKey> keys)
    {
        if (RedisErrors.IsReadOnly(exception))
        {
            isReplica = true;
            Reopen(Replica);
        }

        return RedisErrors.Translate(exception, RedisErrors.Describe(step, keys), settings.Address);
    }

    public async ValueTask DisposeAsync()
    {
        Task<IDatabase>? last;
        lock (gate)
        {
            isDisposed = true;
            last = opening;
        }

        if (last is not null)
        {
            await ((Task)last).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (watch is not null)
        {
            await watch.DisposeAsync().ConfigureAwait(false);
        }

        Close(Detach());
    }

    Task<IDatabase> Opening()
    {
        lock (gate)
        {
            if (isDisposed)
            {
                return Task.FromException<IDatabase>(
                    new ConnectionException($"The connection to Redis at {settings.Address} was closed with its bus.")
                );
            }

            return database is { } open ? Task.FromResult(open) : opening ??= Open();
        }
    }

    async Task<IDatabase> Open()
    {
        // Opening() holds the lock until here.
        await Task.Yield();
        try
        {
            var next =
                settings.Connection
                ?? await ConnectionMultiplexer.ConnectAsync(RedisOptions.For(settings)).ConfigureAwait(false);
            next.ConnectionFailed += OnFailed;
            next.ConnectionRestored += OnRestored;

            var open = next.GetDatabase(RedisOptions.Database(settings));
            lock (gate)
            {
                multiplexer = next;
                database = open;
                silence.Reset();
                watch ??= Time.CreateTimer(_ => Watch(), null, watchPeriod, watchPeriod);
            }

            await LookForPrimary(next, open).ConfigureAwait(false);
            Report(next);
            return open;
        }
        catch (Exception exception) when (RedisErrors.IsRedis(exception))
        {
            report(this, RedisErrors.Reason(exception));
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

    void Watch()
    {
        var watched = multiplexer;
        if (watched is null)
        {
            return;
        }

        try
        {
            // Events can be missed between connecting and listening; this cannot. But the client says that it is connected for
            // a moment after it was not.
            if (Time.GetElapsedTime(Volatile.Read(ref failedAt)) >= watchPeriod)
            {
                Report(watched);
            }

            if (isReplica)
            {
                Reopen(Replica);
            }
            else if (silence.IsTooLong(watched))
            {
                Reopen($"no answer for {settings.CommandTimeout.TotalSeconds} s");
            }
        }
        catch (Exception exception) when (RedisErrors.IsRedis(exception))
        {
            // It was closed while we looked.
        }
    }

    void Report(IConnectionMultiplexer current) =>
        report(
            this,
            isReplica ? Replica
                : current.IsConnected ? null
                : "UnableToConnect"
        );

    void Reopen(string reason)
    {
        lock (gate)
        {
            if (reopenedAt != 0 && Time.GetElapsedTime(reopenedAt) < watchPeriod)
            {
                return;
            }

            reopenedAt = Time.GetTimestamp();
        }

        report(this, reason);
        if (settings.Connection is { } external)
        {
            Forget(Reconfigure(external));
            return;
        }

        Close(Detach());

        // Nobody may ask for a while, and the end of the outage should be noticed all the same.
        Forget(Opening());
    }

    /// A multiplexer of the user's own is not ours to close; it may find the primary by itself.
    async Task Reconfigure(IConnectionMultiplexer external)
    {
        await external.ConfigureAsync().ConfigureAwait(false);
        await LookForPrimary(external, await Database().ConfigureAwait(false)).ConfigureAwait(false);
        Report(external);
    }

    /// The client looks at a server's role when it is told to, and may have done so a moment before it changed.
    async Task LookForPrimary(IConnectionMultiplexer current, IDatabase open)
    {
        if (isReplica && !await ServerRole.IsReplica(open).ConfigureAwait(false))
        {
            await current.ConfigureAsync().ConfigureAwait(false);
            isReplica = false;
        }
    }

    IConnectionMultiplexer? Detach()
    {
        lock (gate)
        {
            var old = multiplexer;
            (multiplexer, database) = (null, null);
            if (old is not null)
            {
                old.ConnectionFailed -= OnFailed;
                old.ConnectionRestored -= OnRestored;
            }

            return old;
        }
    }

    // Closing blocks for as long as Redis is silent, and what waits for an answer fails only then.
    void Close(IConnectionMultiplexer? old)
    {
        if (old is not null && settings.Connection is null)
        {
            Forget(Task.Run(() => old.Close(allowCommandsToComplete: false)));
        }
    }

    // Its failure shows where somebody waits for a command.
    static async void Forget(Task task) => await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    void OnFailed(object? sender, ConnectionFailedEventArgs lost)
    {
        // Of several servers another may do.
        var isAlone = multiplexer?.GetEndPoints().Length == 1;
        if (lost.ConnectionType == ConnectionType.Interactive && (isAlone || !IsConnected))
        {
            Volatile.Write(ref failedAt, Time.GetTimestamp());
            report(this, lost.FailureType.ToString());
        }
    }

    void OnRestored(object? sender, ConnectionFailedEventArgs restored)
    {
        if (restored.ConnectionType == ConnectionType.Interactive)
        {
            report(this, isReplica ? Replica : null);
        }
    }
}
