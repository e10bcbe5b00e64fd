using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace MassTransit.Sidekiq;

/// A bare connection that all senders share.
/// 1. The sender's own thread writes the command. StackExchange.Redis 1.2.6 wakes a thread that writes, which takes longer
///    than Redis does. What comes while a write is under way goes with the next one.
/// 2. Answers come in the order of the commands; the caller goes on with a thread of its own.
/// 3. When the connection is lost, or Redis is silent for too long while an answer is due, all that waits fails, for nobody
///    knows what Redis has run. The connection is then of no more use.
internal sealed class PipelinedConnection : IDisposable
{
    // A buffer that one large send has made this large is not kept.
    const int LargestKept = 1 << 20;

    static readonly TimeSpan watchPeriod = TimeSpan.FromSeconds(1);

    // Firewalls and Redis' own `timeout` forget what is idle, and a send would be the one to find out.
    static readonly TimeSpan keepAlive = TimeSpan.FromSeconds(30);

    readonly BareConnection connection;
    readonly TimeSpan longestSilence;
    readonly Lock gate = new();
    readonly Queue<Answer> due = new();
    readonly ITimer watch;
    ArrayBufferWriter<byte> gathered = new();
    ArrayBufferWriter<byte> written = new();
    bool isWriting;
    volatile bool isRetired;
    long heardAt;
    Exception? end;

    PipelinedConnection(BareConnection connection, TimeSpan longestSilence)
    {
        (this.connection, this.longestSilence) = (connection, longestSilence);
        heardAt = RedisLink.Time.GetTimestamp();
        watch = RedisLink.Time.CreateTimer(_ => Watch(), null, watchPeriod, watchPeriod);
        _ = ReadAnswers();
    }

    /// False once it has ended or retired; one that has retired still serves who was on it, as long as answers are due.
    public bool IsOpen => Volatile.Read(ref end) is null && !isRetired;

    public static async Task<PipelinedConnection> Open(
        RedisSettings settings,
        EndPoint endpoint,
        CancellationToken cancellationToken
    ) =>
        new(
            await BareConnection.Open(settings, endpoint, "send", cancellationToken).ConfigureAwait(false),
            settings.CommandTimeout
        );

    /// `write` writes as many commands as `replies` says. What Redis refuses is among the replies, as a
    /// BareConnection.RefusedException. The answer throws what ended the connection meanwhile; false when it had ended before.
    public bool TrySend<T>(
        T command,
        Action<IBufferWriter<byte>, T> write,
        int replies,
        [NotNullWhen(true)] out Task<object?[]>? answered
    )
    {
        var answer = new Answer(replies);
        answered = answer.Task;
        lock (gate)
        {
            if (end is not null)
            {
                answered = null;
                return false;
            }

            if (due.Count == 0)
            {
                heardAt = RedisLink.Time.GetTimestamp();
            }

            Gather(command, write);
            due.Enqueue(answer);
            if (isWriting)
            {
                return true;
            }

            isWriting = true;
        }

        _ = Write();
        return true;
    }

    /// Ends it when nothing waits for an answer any more.
    public void Retire()
    {
        lock (gate)
        {
            isRetired = true;
            if (due.Count > 0)
            {
                return;
            }
        }

        Dispose();
    }

    /// What waits for an answer fails.
    public void Dispose() => End(new ObjectDisposedException(nameof(PipelinedConnection)));

    void Gather<T>(T command, Action<IBufferWriter<byte>, T> write)
    {
        try
        {
            write(gathered, command);
        }
        catch (Exception torn)
        {
            // Redis must not take what comes next for the rest of this.
            End(new IOException("A command could not be written.", torn));
            throw;
        }
    }

    async Task Write()
    {
        try
        {
            for (var isFirst = true; TakeGathered(); isFirst = false)
            {
                if (!isFirst)
                {
                    // What others gathered meanwhile is not this sender's to write.
                    await Task.Yield();
                }

                await connection.Write(written.WrittenMemory, CancellationToken.None).ConfigureAwait(false);
                if (written.Capacity > LargestKept)
                {
                    written = new ArrayBufferWriter<byte>();
                }

                written.ResetWrittenCount();
            }
        }
        catch (Exception lost)
        {
            End(lost);
        }
    }

    bool TakeGathered()
    {
        lock (gate)
        {
            isWriting = gathered.WrittenCount > 0;
            if (isWriting)
            {
                (gathered, written) = (written, gathered);
            }

            return isWriting;
        }
    }

    async Task ReadAnswers()
    {
        try
        {
            while (true)
            {
                Take(await Read().ConfigureAwait(false));
            }
        }
        catch (Exception lost)
        {
            End(lost);
        }
    }

    async ValueTask<object?> Read()
    {
        try
        {
            return await connection.Read(CancellationToken.None).ConfigureAwait(false);
        }
        catch (BareConnection.RefusedException refused)
        {
            return refused;
        }
    }

    void Take(object? reply)
    {
        Answer? answer;
        bool isLast;
        lock (gate)
        {
            heardAt = RedisLink.Time.GetTimestamp();
            if (!due.TryPeek(out answer))
            {
                throw new IOException("Redis answered what nobody had asked.");
            }

            if (!answer.Add(reply))
            {
                return;
            }

            due.Dequeue();
            isLast = isRetired && due.Count == 0;
        }

        answer.Complete();
        if (isLast)
        {
            Dispose();
        }
    }

    void Watch()
    {
        bool isDue;
        TimeSpan silence;
        lock (gate)
        {
            isDue = due.Count > 0;
            silence = RedisLink.Time.GetElapsedTime(heardAt);
        }

        if (isDue && silence >= longestSilence)
        {
            End(new TimeoutException($"Redis was silent for {longestSilence.TotalSeconds} s while answers were due."));
        }
        else if (!isDue && silence >= keepAlive)
        {
            _ = TrySend(0, static (writer, _) => writer.Ping(), replies: 1, out _);
        }
    }

    void End(Exception reason)
    {
        Answer[] left;
        lock (gate)
        {
            if (end is not null)
            {
                return;
            }

            Volatile.Write(ref end, reason);
            left = [.. due];
            due.Clear();
        }

        watch.Dispose();
        connection.Abort();
        foreach (var answer in left)
        {
            answer.TrySetException(reason);
            // Nobody waits for the PING.
            _ = answer.Task.Exception;
        }
    }

    sealed class Answer(int replies)
        : TaskCompletionSource<object?[]>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        readonly object?[] taken = new object?[replies];
        int count;

        /// True when it was the last one.
        public bool Add(object? reply)
        {
            taken[count++] = reply;
            return count == taken.Length;
        }

        public void Complete() => TrySetResult(taken);
    }
}
