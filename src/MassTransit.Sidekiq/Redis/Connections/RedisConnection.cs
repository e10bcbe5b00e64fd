using System.Globalization;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// Why Redis is or was lost, and for how long.
internal sealed class RedisOutage(string reason, TimeSpan length) : EventArgs
{
    public string Reason { get; } = reason;

    public TimeSpan Length { get; } = length;
}

// The connections of one bus: one for sending and one for fetching, settling and background work, so that a large claim
// never delays a send. Blocking waits have their own (QueueWaiter). Nothing connects before it is used.
internal sealed class RedisConnection : IAsyncDisposable
{
    static readonly TimeSpan retryDelay = TimeSpan.FromMilliseconds(250);
    static readonly Version oldestServer = new(6, 2);

    readonly Lock gate = new();
    readonly HashSet<RedisLink> down = [];
    string outage = "";
    long lostAt;
    TaskCompletionSource back = new(TaskCreationOptions.RunContinuationsAsynchronously);
    bool isChecked;
    volatile bool isReached;

    // Before the outage of now, or the last one.
    bool wasUp;
    long backAt;
    int epoch;

    public RedisConnection(RedisSettings settings, ILogger logger, TimeProvider clock)
    {
        (Settings, Logger, Clock) = (settings, logger, clock);
        Skew = new ClockSkew(this);
        Primary = new PrimaryWatch(settings);
        Refusals = new WriteRefusals(settings.Address, logger);
        Sending = new RedisLink(settings, Primary, Refusals, Report, settings.Replicas);
        Working = new RedisLink(settings, Primary, Refusals, Report, ids: Ids);
        Control = settings.Connection is null
            ? Working
            : new RedisLink(settings with { Connection = null }, Primary, Refusals, static (_, _) => { });
    }

    // Redis was lost; raised once per outage. Handlers return at once.
    public event EventHandler<RedisOutage>? Lost;

    // Redis is back; the outage now has its length. Handlers return at once.
    public event EventHandler<RedisOutage>? Back;

    public RedisSettings Settings { get; }

    public PrimaryWatch Primary { get; }

    public WriteRefusals Refusals { get; }

    public RedisLink Sending { get; }

    public RedisLink Working { get; }

    // What others know this process by.
    public ConnectionIds Ids { get; } = new();

    // For CLIENT UNBLOCK and CLIENT LIST, which a multiplexer of the user's own may refuse to send.
    public RedisLink Control { get; }

    public ILogger Logger { get; }

    // The clock of all times in jobs.
    public TimeProvider Clock { get; }

    // How far that clock is from Redis's own.
    public ClockSkew Skew { get; }

    public bool IsConnected => Outage is null && (Sending.IsConnected || Working.IsConnected);

    // Why Redis is lost now; null when it is not.
    public string? Outage
    {
        get
        {
            lock (gate)
            {
                return down.Count == 0 ? null : outage;
            }
        }
    }

    // For errors: a Redis that never answered may be a wrong address.
    public string Silence => isReached ? "does not answer" : "has not answered since this process started";

    // How long Redis has been up without an outage, as far as this process knows: since this process started, since the last
    // outage ended, or since Redis started, if that was later.
    public TimeSpan SinceBack => RealTime.Clock.GetElapsedTime(Volatile.Read(ref backAt));

    // How many outages have ended: what was written to Redis before may be lost.
    public int Epoch => Volatile.Read(ref epoch);

    // Redis was emptied without a broken connection (FLUSHALL): what was declared in it is gone as after a restart.
    public void Emptied() => Interlocked.Increment(ref epoch);

    // The exception for the caller of a step that answered with Redis's error about a part of it.
    public Exception Refused(string what, string error) =>
        RedisErrors.Translate(new RedisServerException(error), what, Settings.Address);

    // Waits until an outage has ended, but not longer than this.
    public async Task Pause(TimeSpan atMost, CancellationToken cancellationToken)
    {
        var ended = Volatile.Read(ref back).Task;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(ended, Task.Delay(atMost, RealTime.Clock, either.Token)).ConfigureAwait(false);
        await either.CancelAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
    }

    // Completes when Redis answers, however long that takes. Throws only what waiting does not fix: a refused
    // password, a missing permission, a server that is too old.
    public async Task Connected(CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                await Sending.Ping(cancellationToken).ConfigureAwait(false);
                var database = await Working.Ping(cancellationToken).ConfigureAwait(false);
                await CheckServer(database).ConfigureAwait(false);
                await Skew.Look().ConfigureAwait(false);
                return;
            }
            catch (Exception exception)
                when (RedisErrors.IsRedis(exception) && !cancellationToken.IsCancellationRequested)
            {
                if (
                    RedisErrors.Translate(exception, "PING", Settings.Address) is SidekiqRedisException
                    {
                        Message: var refusal
                    }
                )
                {
                    throw new ConnectionException(refusal, exception, isTransient: false);
                }
            }

            await Task.Delay(retryDelay, RealTime.Clock, cancellationToken).ConfigureAwait(false);
        }
    }

    // Redis's own clock, over the connection for sends; null where asking for it is not allowed.
    public async Task<DateTimeOffset?> ServerTime()
    {
        try
        {
            var reply = await Sending.Ask("time", database => database.ExecuteAsync("TIME")).ConfigureAwait(false);
            var time = (long[])reply!;
            return DateTimeOffset.FromUnixTimeSeconds(time[0]).AddMicroseconds(time[1]);
        }
        catch (SidekiqRedisException)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        RedisLink[] links = [Sending, Working, Control];
        await Task.WhenAll(links.Distinct().Select(link => link.DisposeAsync().AsTask())).ConfigureAwait(false);

        await Primary.DisposeAsync().ConfigureAwait(false);
    }

    async Task CheckServer(IDatabase database)
    {
        if (isChecked)
        {
            return;
        }

        // PING works in any database.
        if (
            Array.Exists(
                database.Multiplexer.GetServers(),
                server => server.DatabaseCount > 0 && server.DatabaseCount <= database.Database
            )
        )
        {
            throw new ConnectionException(
                $"Redis at {Settings.Address} refused database {database.Database}: {RedisErrors.NoDatabaseAdvice}.",
                isTransient: false
            );
        }

        var info = await RedisInfo.Of(database).ConfigureAwait(false);
        if (Version.TryParse(RedisInfo.Field(info, "redis_version:"), out var version) && version < oldestServer)
        {
            throw new ConnectionException(
                $"Redis {version} at {Settings.Address} is too old: jobs are moved with commands that came with Redis {oldestServer}. Upgrade it.",
                isTransient: false
            );
        }

        if (RedisInfo.Field(info, "maxmemory_policy:") is { Length: > 0 } policy && policy != "noeviction")
        {
            Logger.RedisEvicts(Settings.Address, policy);
        }

        // It may have started a moment ago, with leases in its data that had ended meanwhile.
        if (int.TryParse(RedisInfo.Field(info, "uptime_in_seconds:"), CultureInfo.InvariantCulture, out var uptime))
        {
            var began = RealTime.Clock.GetTimestamp() - (uptime * RealTime.Clock.TimestampFrequency);
            Interlocked.Exchange(ref backAt, Math.Max(backAt, began));
        }

        isChecked = true;
    }

    void Report(RedisLink link, string? lost)
    {
        TimeSpan? length = null;
        string reason;
        lock (gate)
        {
            isReached |= lost is null;
            reason = lost ?? outage;
            if (!(lost is null ? down.Remove(link) : down.Add(link)))
            {
                return;
            }

            // Both links are lost at nearly the same time: one outage from the first loss to the last return.
            if (lost is null && down.Count == 0)
            {
                length = RealTime.Clock.GetElapsedTime(lostAt);
                backAt = RealTime.Clock.GetTimestamp();
                epoch++;
                LogEnd(length.Value.TotalSeconds);
            }
            else if (lost is not null && down.Count == 1)
            {
                (outage, lostAt, wasUp) = (lost, RealTime.Clock.GetTimestamp(), isReached);
                // Here, so that no log shows the end of an outage before its beginning.
                LogBegin(reason);
            }
            else
            {
                return;
            }
        }

        if (length is { } time)
        {
            Interlocked
                .Exchange(ref back, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))
                .SetResult();
            Back?.Invoke(this, new RedisOutage(reason, time));
        }
        else
        {
            Lost?.Invoke(this, new RedisOutage(reason, TimeSpan.Zero));
        }
    }

    void LogBegin(string reason)
    {
        if (wasUp)
        {
            Logger.RedisLost(Settings.Address, reason);
        }
        else
        {
            Logger.RedisNotReached(Settings.Address, reason);
        }
    }

    void LogEnd(double seconds)
    {
        if (wasUp)
        {
            Logger.RedisBack(Settings.Address, seconds);
        }
        else
        {
            Logger.RedisReached(Settings.Address, seconds);
        }
    }
}
