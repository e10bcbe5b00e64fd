using StackExchange.Redis;

namespace MassTransit.Sidekiq;

/// <summary>
/// The way into one queue, which sends in flight share.
/// 1. The first push goes at once, as SADD and LPUSH.
/// 2. Pushes that come while it is under way wait for each other, and go together when it is answered: many senders
///    need few commands, one sender waits for nobody.
/// 3. A batch that is full goes at once too; one connection keeps the order.
/// Each push ends when the batch it is in was answered, and fails with it.
/// </summary>
internal sealed class PushLane(RedisLink link, RedisKey queues, QueueKeys queue)
{
    // As Ruby's push_bulk: long enough to save round trips, short enough not to hold up Redis.
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

    // Sends what came meanwhile, or leaves the lane free for the next push.
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

        // Tells all who wait; never throws.
        public async Task End(Task sending)
        {
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            sent.TrySetFromTask(sending);
        }
    }
}
