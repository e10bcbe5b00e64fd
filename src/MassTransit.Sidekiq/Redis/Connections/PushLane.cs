using StackExchange.Redis;

namespace MassTransit.Sidekiq;

/// <summary>
/// The way into one queue, shared by concurrent sends.
/// 1. The first push is sent at once, as SADD and LPUSH.
/// 2. Pushes that arrive while it is in flight are collected and sent together when it is answered: many senders
///   need few commands, and a single sender never waits.
/// 3. A full batch is sent at once too; one connection keeps the order.
/// Each push completes when its batch was answered, and fails with it.
/// </summary>
internal sealed class PushLane(RedisLink link, RedisKey queues, QueueKeys queue)
{
    // As Ruby's push_bulk: long enough to save round trips, short enough not to block Redis.
    const int MostJobs = 1000;
    const int MostBytes = 1_000_000;

    readonly Lock gate = new();
    Batch? waiting;
    bool isBusy;

    public Task Push(RedisValue job, int bytes)
    {
        Batch full;
        lock (gate)
        {
            if (!isBusy)
            {
                isBusy = true;
                return Lead(job);
            }

            waiting ??= new Batch();
            waiting.Add(job, bytes);
            if (waiting.Jobs.Count < MostJobs && waiting.Bytes < MostBytes)
            {
                return waiting.Sent;
            }

            (full, waiting) = (waiting, null);
            _ = full.End(Send([.. full.Jobs]));
        }

        return full.Sent;
    }

    async Task Lead(RedisValue job)
    {
        try
        {
            await Send([job]).ConfigureAwait(false);
        }
        finally
        {
            Follow();
        }
    }

    // Sends what arrived meanwhile, or leaves the lane free for the next push.
    void Follow()
    {
        lock (gate)
        {
            if (waiting is { } batch)
            {
                waiting = null;
                _ = FollowUp(batch);
            }
            else
            {
                isBusy = false;
            }
        }
    }

    async Task FollowUp(Batch batch)
    {
        await batch.End(Send([.. batch.Jobs])).ConfigureAwait(false);
        Follow();
    }

    Task Send(RedisValue[] jobs) => link.Push(queues, queue, [jobs]);

    sealed class Batch
    {
        readonly TaskCompletionSource sent = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<RedisValue> Jobs { get; } = [];

        public int Bytes { get; private set; }

        public Task Sent => sent.Task;

        public void Add(RedisValue job, int bytes)
        {
            Jobs.Add(job);
            Bytes += bytes;
        }

        // Completes all waiting pushes; never throws.
        public async Task End(Task sending)
        {
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            sent.TrySetFromTask(sending);
        }
    }
}
