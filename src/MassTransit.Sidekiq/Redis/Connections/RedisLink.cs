using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// Sends commands and steps to Redis over one multiplexer and translates each failure (RedisErrors). `replicas` is how many
// replicas must have a write before the call completes.
internal sealed class RedisLink : IAsyncDisposable
{
    readonly RedisSettings settings;
    readonly KeptMultiplexer multiplexer;
    readonly WriteRefusals refusals;
    readonly ScriptLoads scripts = new();
    readonly int replicas;

    // `report` gets every change: the reason when the link is lost, null when it works. `ids` gets its id.
    public RedisLink(
        RedisSettings settings,
        PrimaryWatch primary,
        WriteRefusals refusals,
        Action<RedisLink, string?> report,
        int replicas = 0,
        ConnectionIds? ids = null
    )
    {
        (this.settings, this.refusals, this.replicas) = (settings, refusals, replicas);
        multiplexer = new KeptMultiplexer(settings, primary, reason => report(this, reason), ids);
    }

    public bool IsConnected => multiplexer.IsConnected;

    // Runs a step.
    public Task<RedisResult> Run(Script script, RedisKey[] keys, RedisValue[] values) =>
        Call(script.Name, keys, database => scripts.Run(database, script, keys, values), replicas);

    public Task<T> Call<T>(string step, RedisKey key, Func<IDatabase, Task<T>> command) =>
        Call(step, [key], command, replicas);

    // A read, which no replica has to confirm.
    public Task<T> Ask<T>(string step, Func<IDatabase, Task<T>> command) => Call(step, [], command, copies: 0);

    // Several batches are sent one after the other and keep their order. SADD goes first: a kill between the two leaves a queue
    // that is known and empty, never a job in an unknown queue.
    public Task Push(RedisKey queues, QueueKeys queue, params IReadOnlyList<RedisValue[]> batches) =>
        Call(
            "push",
            [queue.List, queues],
            database =>
                batches.Count == 1
                    ? Push(database, queues, queue, batches[0])
                    : Last(batches.Select(jobs => Push(database, queues, queue, jobs))),
            replicas
        );

    // Throws what the client throws.
    public async Task<IDatabase> Ping(CancellationToken cancellationToken)
    {
        var open = await multiplexer.Database().AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
        await open.PingAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        return open;
    }

    public ValueTask DisposeAsync() => multiplexer.DisposeAsync();

    async Task<long> Push(IDatabase database, RedisKey queues, QueueKeys queue, RedisValue[] jobs)
    {
        var known = database.SetAddAsync(queues, queue.Member);
        var pushed =
            jobs.Length == 1
                ? database.ListLeftPushAsync(queue.List, jobs[0])
                : database.ListLeftPushAsync(queue.List, jobs);
        // The second answer first: the other one is there by then, so a thread is woken once.
        await ((Task)pushed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await known.ConfigureAwait(false);
        var length = await pushed.ConfigureAwait(false);
        refusals.Passed();
        return length;
    }

    static async Task<T> Last<T>(IEnumerable<Task<T>> all) => (await Task.WhenAll(all).ConfigureAwait(false))[^1];

    async Task<T> Call<T>(string step, RedisKey[] keys, Func<IDatabase, Task<T>> command, int copies)
    {
        try
        {
            var database = await multiplexer.Database().ConfigureAwait(false);
            var result = await command(database).ConfigureAwait(false);
            if (copies > 0)
            {
                await Replicated(database, step, keys).ConfigureAwait(false);
            }

            return result;
        }
        catch (Exception exception) when (RedisErrors.IsRedis(exception))
        {
            if (RedisErrors.IsReadOnly(exception))
            {
                multiplexer.MetReplica();
            }
            else if (RedisErrors.IsOutage(exception))
            {
                multiplexer.Refused(exception);
            }
            else if (exception is RedisServerException)
            {
                refusals.Tried(exception.Message);
            }

            throw RedisErrors.Translate(exception, RedisErrors.Describe(step, keys), settings.Address);
        }
    }

    // WAIT covers everything that was written on its connection before.
    async Task Replicated(IDatabase database, string step, RedisKey[] keys)
    {
        var limit = (int)settings.CommandTimeout.TotalMilliseconds / 2;
        var copies = (int)await database.ExecuteAsync("WAIT", replicas, limit).ConfigureAwait(false);
        if (copies < replicas)
        {
            throw new ConnectionException(
                $"Redis at {settings.Address} has done {RedisErrors.Describe(step, keys)}, but only {copies} of {replicas} "
                    + $"replicas confirmed it within {limit} ms. Add replicas, or lower Replicas.",
                // A retry would do it a second time.
                isTransient: false
            );
        }
    }
}
