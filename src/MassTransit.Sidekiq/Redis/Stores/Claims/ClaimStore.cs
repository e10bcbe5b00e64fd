using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// Claim, work, settle: a job leaves the working hash of its process only by one of these steps, and each does nothing
// when the claim is gone. They take the delivery number, not the JSON, since two jobs may be equal byte for byte.
internal sealed class ClaimStore(RedisConnection redis, RedisKeys keys, DeadSet dead)
{
    // About the most that one claim takes: 10 KB jobs cost 26 µs each, and a send must not wait for long behind them.
    const int ClaimBytes = 1_000_000;

    // Within Lua's unpack limit, and a reasonable time in the script.
    const int MostNumbers = 1000;

    readonly RedisLink link = redis.Working;
    long lastNumber;

    // The numbers of the next claim. They are one sequence per process: two endpoints may share a queue and its hash.
    public long Reserve(int count) => Interlocked.Add(ref lastNumber, count) - count + 1;

    // Acknowledges finished jobs and claims the next, in one step.
    public async Task<ClaimedJobs> Claim(ClaimRequest request)
    {
        var (touched, arguments) = Arguments(request);
        var reply = await link.Run(Script.Claim, touched, arguments).ConfigureAwait(false);
        return ClaimedJobs.Read(request, (byte[][])reply!, ClaimBytes);
    }

    // Without a claim: the last acknowledgements at shutdown. Returns how many claims still existed.
    public async Task<int> Acknowledge(string queue, IReadOnlyList<long> numbers)
    {
        var count = 0;
        foreach (var slice in numbers.Chunk(MostNumbers))
        {
            var working = keys.Queue(queue).Working;
            count += (int)
                await link.Call("acknowledge", working, database => database.HashDeleteAsync(working, Values(slice)))
                    .ConfigureAwait(false);
        }

        return count;
    }

    // The lock of a unique job lasts until the retry is over.
    public Task<bool> Retry(Delivery delivery, ReadOnlyMemory<byte> json, DateTimeOffset due, JobTies ties = default) =>
        Settle(
            Script.Retry,
            [keys.Queue(delivery.Queue).Working, keys.Retry, .. keys.OfAny(ties)],
            [delivery.Number, JobValue.Of(json), Score.From(due), .. Lasting(ties, due), .. Now(ties)]
        );

    public Task<bool> Bury(Delivery delivery, ReadOnlyMemory<byte> json, DateTimeOffset now, JobTies ties = default) =>
        Settle(
            Script.Bury,
            [keys.Queue(delivery.Queue).Working, keys.Dead, .. keys.OfAny(ties)],
            [
                delivery.Number,
                JobValue.Of(json),
                Score.From(now),
                Score.From(dead.Oldest(now)),
                dead.MaxJobs,
                .. Jid(ties),
            ]
        );

    // What is tied to it goes on to the job as it is delivered again, which may have another jid.
    public Task<bool> Reschedule(
        Delivery delivery,
        ReadOnlyMemory<byte> json,
        DateTimeOffset due,
        Guid? token = null,
        JobTies ties = default
    ) =>
        Settle(
            Script.Reschedule,
            [
                keys.Queue(delivery.Queue).Working,
                keys.Schedule,
                token is { } id ? keys.Token(id) : "",
                .. RescheduledKeys(ties),
            ],
            [
                delivery.Number,
                JobValue.Of(json),
                Score.From(due),
                JobValue.TokenEnd(due),
                .. Lasting(ties, due),
                .. ties.Any ? [SidekiqJob.TryParse(json)?.Jid ?? ties.Jid] : Jid(ties),
            ]
        );

    public Task<bool> MoveTo(Delivery delivery, string otherQueue, ReadOnlyMemory<byte> json, JobTies ties = default)
    {
        var other = keys.Queue(otherQueue);
        return Settle(
            Script.Move,
            [keys.Queue(delivery.Queue).Working, keys.Queues, other.List, .. keys.OfAny(ties)],
            [delivery.Number, JobValue.Of(json), other.Member, .. Jid(ties), .. Now(ties)]
        );
    }

    // Back to the head, byte for byte, so that the first one claimed is the next to run. `numbers` are in the order of
    // their claims. Returns how many were returned.
    public async Task<int> Requeue(string queue, IReadOnlyList<long> numbers)
    {
        var target = keys.Queue(queue);
        var count = 0;

        // The last slice first: a slice that is returned later is in front of it.
        for (var end = numbers.Count; end > 0; end -= MostNumbers)
        {
            var start = Math.Max(0, end - MostNumbers);
            var slice = numbers.Skip(start).Take(end - start).ToArray();
            count += (int)
                await link.Run(Script.Requeue, [target.Working, target.List], Values(slice)).ConfigureAwait(false);
        }

        return count;
    }

    public async Task Requeue(IEnumerable<(string Queue, long Number)> claims)
    {
        foreach (var queue in claims.GroupBy(claim => claim.Queue, claim => claim.Number, StringComparer.Ordinal))
        {
            await Requeue(queue.Key, [.. queue]).ConfigureAwait(false);
        }
    }

    // Which of these queues have jobs. Costs one command when none has.
    public async Task<IReadOnlyList<string>> Filled(IReadOnlyList<string> queues)
    {
        RedisKey[] lists = [.. queues.Select(queue => keys.Queue(queue).List)];
        if (await link.Call("look", lists[0], database => database.KeyExistsAsync(lists)).ConfigureAwait(false) == 0)
        {
            return [];
        }

        var filled = (int[])(await link.Run(Script.FindFilled, lists, []).ConfigureAwait(false))!;
        return [.. filled.Select(position => queues[position])];
    }

    // The claims that Redis holds for this process, by queue. Costs one command when there are none.
    public async Task<IReadOnlyList<(string Queue, long[] Numbers)>> Working(IReadOnlyList<string> queues)
    {
        RedisKey[] hashes = [.. queues.Select(queue => keys.Queue(queue).Working)];
        if (
            hashes.Length == 0
            || await link.Call("look", hashes[0], database => database.KeyExistsAsync(hashes)).ConfigureAwait(false)
                == 0
        )
        {
            return [];
        }

        var numbers = await Task.WhenAll(
                hashes.Select(hash => link.Call("look", hash, database => database.HashKeysAsync(hash)))
            )
            .ConfigureAwait(false);
        return
        [
            .. queues.Select(
                (queue, i) =>
                    // A field that is not a number is not ours.
                    (
                        queue,
                        numbers[i].Where(number => number.TryParse(out long _)).Select(number => (long)number).ToArray()
                    )
            ),
        ];
    }

    // Jobs that a wait claimed and no claim took. Returns how many were returned.
    public async Task<int> ReturnLanding(string queue)
    {
        var target = keys.Queue(queue);
        return (int)await link.Run(Script.ReturnLanding, [target.Landing, target.List], []).ConfigureAwait(false);
    }

    // Its jid may be another one then.
    RedisKey[] RescheduledKeys(JobTies ties) =>
        ties.Batch is { } batch
            ? [ties.Lock is { } held ? keys.Unique(held.Name) : "", keys.BatchJobs(batch.Bid)]
            : keys.OfAny(ties);

    static RedisValue[] Jid(JobTies ties) => ties.Any ? [ties.Jid] : [];

    // Nothing lasts for a job that is only in a batch.
    RedisValue[] Lasting(JobTies ties, DateTimeOffset due) =>
        ties.Lock is { } held ? [held.Jid, (long)(due - redis.Clock.GetUtcNow() + held.Life).TotalMilliseconds]
        : ties.Any ? [ties.Jid, 0]
        : [];

    RedisValue[] Now(JobTies ties) => ties.Batch is null ? [] : [Score.From(redis.Clock.GetUtcNow())];

    async Task<bool> Settle(Script script, RedisKey[] touched, RedisValue[] arguments) =>
        (int)await link.Run(script, touched, arguments).ConfigureAwait(false) == 1;

    (RedisKey[] Keys, RedisValue[] Arguments) Arguments(ClaimRequest request)
    {
        var order = request.Order.Span;
        var acknowledged = 0;
        foreach (var position in order)
        {
            acknowledged += request.Acknowledged[position].Count;
        }

        var touched = new RedisKey[2 + (3 * order.Length)];
        (touched[0], touched[1]) = (keys.Alive, keys.Paused);

        var arguments = new RedisValue[4 + order.Length + acknowledged];
        arguments[0] = request.Count;
        arguments[1] = ClaimBytes;
        arguments[2] = request.FirstNumber;
        arguments[3] = request.HonourPaused ? keys.Prefix.Length + "queue:".Length + 1 : 0;

        var next = 4;
        for (var i = 0; i < order.Length; i++)
        {
            var queue = keys.Queue(request.Queues[order[i]]);
            touched[2 + (3 * i)] = queue.Landing;
            touched[3 + (3 * i)] = queue.List;
            touched[4 + (3 * i)] = queue.Working;

            var numbers = request.Acknowledged[order[i]];
            arguments[next++] = numbers.Count;
            for (var number = 0; number < numbers.Count; number++)
            {
                arguments[next++] = numbers[number];
            }
        }

        return (touched, arguments);
    }

    static RedisValue[] Values(long[] numbers)
    {
        var values = new RedisValue[numbers.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = numbers[i];
        }

        return values;
    }
}
