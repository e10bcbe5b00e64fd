using System.Buffers;
using System.Globalization;
using System.Text;
using StackExchange.Redis;

namespace MassTransit.Sidekiq;

/// The way that sends take. Most go by a connection of their own (PipelinedConnection); the multiplexer beside it is there from
/// the first instant, knows whether Redis is lost, and answers for all that this one cannot:
/// 1. It serves until the other is open, and again while Redis is lost. The other is opened beside the next send, at most
///    once a second, or twice a minute where it is refused.
/// 2. What Redis refuses there is asked here once more, and fails in one way: READONLY, a forgotten script, a full memory.
/// 3. Several servers, and a multiplexer of the user's own, are its business alone.
internal sealed class SendLink(RedisConnection redis, RedisLink link) : IAsyncDisposable
{
    static readonly TimeSpan openPeriod = TimeSpan.FromSeconds(1);
    static readonly TimeSpan refusedPeriod = TimeSpan.FromSeconds(30);

    readonly RedisSettings settings = redis.Settings;
    readonly bool canBeDirect = redis.Settings is { Connection: null, Endpoints.Count: 1 };
#pragma warning disable CA2213 // Nothing is left to it once it is cancelled, and a late send may still look at it
    readonly CancellationTokenSource closed = new();
#pragma warning restore CA2213
    readonly Lock gate = new();
    Task opening = Task.CompletedTask;
    volatile Opened? opened;
    long triedAt;
    bool isRefused;

    public RedisLink Link => link;

    /// The connection for the next sends; null for the multiplexer. Whoever keeps an order stays with one while sends of his
    /// are under way.
    public PipelinedConnection? Direct
    {
        get
        {
            if (redis.Outage is not null || !canBeDirect)
            {
                return null;
            }

            if (opened is { Connection.IsOpen: true } last && last.Epoch == redis.Epoch)
            {
                return last.Connection;
            }

            if (link.IsConnected)
            {
                OpenDirect();
            }

            return null;
        }
    }

    /// SADD goes first: a kill between the two leaves a queue that is known and empty, never a job in an unknown queue.
    public async Task Push(PipelinedConnection? way, RedisKey queues, QueueKeys queue, RedisValue[] jobs)
    {
        var push = new Pushed(queues, queue, jobs);
        if (await TrySend(way, "push", [queue.List], push, Pushed.Write, 2).ConfigureAwait(false) is { } replies)
        {
            Note(way!, replies[1]);
            if (replies[1] is not BareConnection.RefusedException)
            {
                // The job is there, and is not to be pushed twice. What is wrong with the list of queues its sender has to hear.
                if (replies[0] is BareConnection.RefusedException)
                {
                    await link.Call("push", queues, database => database.SetAddAsync(queues, queue.Member))
                        .ConfigureAwait(false);
                }

                return;
            }
        }

        await link.Call("push", queue.List, database => Push(database, queues, queue, jobs)).ConfigureAwait(false);
    }

    /// Several lists of jobs by the multiplexer, all at once: what is sent that way afterwards stands behind them.
    public Task PushInOrder(RedisKey queues, QueueKeys queue, IEnumerable<RedisValue[]> slices) =>
        link.Call(
            "push",
            queue.List,
            database => Task.WhenAll(slices.Select(jobs => Push(database, queues, queue, jobs)))
        );

    /// Runs a step that returns a number.
    public async Task<long> Number(PipelinedConnection? way, Script script, RedisKey[] keys, RedisValue[] values) =>
        await TryRun(way, script, keys, values).ConfigureAwait(false) is { } number
            ? (long)number
            : (long)await link.Run(script, keys, values).ConfigureAwait(false);

    /// Runs a step that returns a list of numbers and texts.
    public async Task<string[]> Texts(PipelinedConnection? way, Script script, RedisKey[] keys, RedisValue[] values) =>
        await TryRun(way, script, keys, values).ConfigureAwait(false) is { } list
            ? [.. ((object?[])list).Select(Text)]
            : (string[])(await link.Run(script, keys, values).ConfigureAwait(false))!;

    public async ValueTask DisposeAsync()
    {
        Task last;
        lock (gate)
        {
            closed.Cancel();
            last = opening;
        }

        await last.ConfigureAwait(false);
        opened?.Connection.Dispose();
        await link.DisposeAsync().ConfigureAwait(false);
    }

    /// Null when this step is for the multiplexer. What a script was refused for a key of another type, or for want of a
    /// permission, it may have met half way: that is not run again.
    async Task<object?> TryRun(PipelinedConnection? way, Script script, RedisKey[] keys, RedisValue[] values)
    {
        var step = new Step(script, keys, values);
        if (await TrySend(way, script.Name, keys, step, Step.Write, 1).ConfigureAwait(false) is not { } replies)
        {
            return null;
        }

        Note(way!, replies[0]);
        return replies[0] is not BareConnection.RefusedException refusal ? replies[0]
            : RedisErrors.HasDoneNothing(refusal.Message) ? null
            : throw RedisErrors.Translate(refusal, RedisErrors.Describe(script.Name, keys), settings.Address);
    }

    /// Null when nothing was written, for the connection has ended.
    async Task<object?[]?> TrySend<T>(
        PipelinedConnection? way,
        string step,
        RedisKey[] keys,
        T command,
        Action<IBufferWriter<byte>, T> write,
        int replies
    )
    {
        if (way is null || !way.TrySend(command, write, replies, out var sent))
        {
            return null;
        }

        try
        {
            return await sent.ConfigureAwait(false);
        }
        catch (Exception lost) when (RedisErrors.IsRedis(lost))
        {
            throw RedisErrors.Translate(lost, RedisErrors.Describe(step, keys), settings.Address);
        }
    }

    /// A server that cannot serve now may be a replica where the multiplexer has found the primary.
    static void Note(PipelinedConnection way, object? reply)
    {
        if (reply is BareConnection.RefusedException refusal && RedisErrors.IsPassing(refusal.Message))
        {
            way.Retire();
        }
    }

    void OpenDirect()
    {
        lock (gate)
        {
            if (
                opening.IsCompleted
                && !closed.IsCancellationRequested
                && (triedAt == 0 || RedisLink.Time.GetElapsedTime(triedAt) >= (isRefused ? refusedPeriod : openPeriod))
            )
            {
                triedAt = RedisLink.Time.GetTimestamp();
                opening = Open(redis.Epoch);
            }
        }
    }

    /// Never fails: the multiplexer serves, and says what is wrong with Redis.
    async Task Open(int epoch)
    {
        await Task.Yield();
        var last = opened;
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(closed.Token);
            limit.CancelAfter(settings.ConnectTimeout);
            var server = RedisOptions.EndPoints(settings)[0];
            opened = new Opened(
                await PipelinedConnection.Open(settings, server, limit.Token).ConfigureAwait(false),
                epoch
            );
            isRefused = false;
            last?.Connection.Retire();
        }
        catch (Exception refusal)
        {
            if (!isRefused && link.IsConnected && !closed.IsCancellationRequested)
            {
                isRefused = true;
                redis.Logger.SendsShare(
                    refusal is OperationCanceledException
                        ? $"not open within {settings.ConnectTimeout.TotalSeconds} s"
                        : refusal.Message
                );
            }
        }
    }

    static async Task<long> Push(IDatabase database, RedisKey queues, QueueKeys queue, RedisValue[] jobs)
    {
        var known = database.SetAddAsync(queues, queue.Member);
        var pushed =
            jobs.Length == 1
                ? database.ListLeftPushAsync(queue.List, jobs[0])
                : database.ListLeftPushAsync(queue.List, jobs);
        await Task.WhenAll(known, pushed).ConfigureAwait(false);
        return await pushed.ConfigureAwait(false);
    }

    static string Text(object? item) =>
        item is byte[] text ? Encoding.UTF8.GetString(text) : Convert.ToString(item, CultureInfo.InvariantCulture)!;

    /// `Epoch` is that of Redis when it was opened: an outage since then may have made another server the primary.
    sealed record Opened(PipelinedConnection Connection, int Epoch);

    readonly record struct Pushed(RedisKey Queues, QueueKeys Queue, RedisValue[] Jobs)
    {
        public static readonly Action<IBufferWriter<byte>, Pushed> Write = static (writer, push) =>
        {
            writer.Begin(3);
            writer.Word("SADD"u8);
            writer.Word(push.Queues);
            writer.Word(push.Queue.Member);
            writer.Begin(2 + push.Jobs.Length);
            writer.Word("LPUSH"u8);
            writer.Word(push.Queue.List);
            foreach (var job in push.Jobs)
            {
                writer.Word(job);
            }
        };
    }

    readonly record struct Step(Script Script, RedisKey[] Keys, RedisValue[] Values)
    {
        public static readonly Action<IBufferWriter<byte>, Step> Write = static (writer, step) =>
            writer.Eval(step.Script, step.Keys, step.Values);
    }
}
