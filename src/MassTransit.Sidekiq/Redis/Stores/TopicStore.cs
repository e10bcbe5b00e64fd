using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// The result of a publish: how many copies were made, and which, each as `queue|Class` of a permanent queue.
internal readonly struct Publication(RedisResult[] reply)
{
    readonly (int Count, IEnumerable<string> Copies)? made;

    public Publication(int count, IEnumerable<string> copies)
        : this([]) => made = (count, copies);

    public int Count => made?.Count ?? (int)reply[0];

    public IEnumerable<string> Copies => made?.Copies ?? reply.Skip(1).Select(copy => (string)copy!);
}

// The same of a unique job or one of a batch, with the copies that were not made.
internal readonly record struct TiedPublication(int Count, IReadOnlyList<string> Copies, IReadOnlyList<HeldCopy> Held);

// A copy that was not made, since another job holds its lock.
internal readonly record struct HeldCopy(string Target, string Holder)
{
    public string Queue => Target[..Target.IndexOf('|', StringComparison.Ordinal)];

    public string Class => Target[(Target.IndexOf('|', StringComparison.Ordinal) + 1)..];

    public static HeldCopy[] Read(RedisResult reply)
    {
        var texts = (string[])reply!;
        return [.. texts.Chunk(2).Select(pair => new HeldCopy(pair[0], pair[1]))];
    }
}

// Who gets what: subscriptions, publishing, and the temporary queues that exist as long as their process. Virtual for test
// harnesses without Redis.
internal class TopicStore(RedisConnection redis, RedisKeys keys)
{
    // How long a name is remembered as temporary after its queue was last kept alive.
    static readonly TimeSpan temporaryMemory = TimeSpan.FromDays(90);

    readonly RedisLink link = redis.Sending;

    // `subscription` is a queue or "queue|Class"; `value` the class to push, "" for the message's own class,
    // or RedisKeys.TemporarySubscriber.
    public virtual Task Subscribe(IReadOnlyList<string> entities, string subscription, string value = "") =>
        entities.Count == 0
            ? Task.CompletedTask
            : link.Run(Script.Subscribe, [.. entities.Select(keys.Topic)], [subscription, value]);

    public virtual Task DeclareImplements(string entity, IReadOnlyList<string> parents) =>
        parents.Count == 0
            ? Task.CompletedTask
            : Call(
                "declare",
                keys.Implements(entity),
                (database, key) => database.SetAddAsync(key, [.. parents.Select(parent => (RedisValue)parent)])
            );

    // Zero copies are not an error.
    public virtual async Task<Publication> Publish(PublishRequest request)
    {
        RedisKey[] touched = request is { Due: not null, Token: { } token }
            ? [keys.Queues, keys.Schedule, keys.Token(token)]
            : [keys.Queues, keys.Schedule];

        var reply = await Publish(Script.Publish, request, touched).ConfigureAwait(false);
        return new Publication(reply);
    }

    // For a unique job or one of a batch. Throws BatchEndedException.
    public virtual async Task<TiedPublication> PublishTied(PublishRequest request)
    {
        var token = request is { Due: not null, Token: { } id } ? keys.Token(id) : (RedisKey)"";
        var unique = request.Unique is null ? (RedisKey)"" : keys.Unique("");
        var reply = await Publish(
                Script.PublishTied,
                request,
                [keys.Queues, keys.Schedule, token, unique, keys.BatchOrNone(request.Batch)]
            )
            .ConfigureAwait(false);
        if ((int)reply[0] < 0)
        {
            throw new BatchEndedException(request.Batch!);
        }

        return new TiedPublication(
            (int)reply[0],
            [.. reply[1..^1].Select(copy => (string)copy!)],
            HeldCopy.Read(reply[^1])
        );
    }

    public Task CreateTemporary(string queue, TimeSpan life) => TouchTemporary([queue], life);

    // Returns the queues that had ended before this: their subscriptions have to be added again.
    public virtual async Task<IReadOnlyList<string>> TouchTemporary(IReadOnlyList<string> queues, TimeSpan life)
    {
        if (queues.Count == 0)
        {
            return [];
        }

        var now = redis.Clock.GetUtcNow();
        var touched = new List<RedisKey> { keys.Temporaries };
        var arguments = new List<RedisValue>
        {
            (long)life.TotalMilliseconds,
            Score.From(now),
            Score.From(now - temporaryMemory),
        };
        foreach (var queue in queues)
        {
            touched.Add(keys.Queue(queue).Temporary);
            touched.Add(keys.Queue(queue).List);
            arguments.Add(queue);
        }

        var ended = await link.Run(Script.KeepTemporary, [.. touched], [.. arguments]).ConfigureAwait(false);
        return (string[])ended!;
    }

    // For a permanent endpoint, before it takes jobs.
    public virtual Task MakeLasting(IReadOnlyList<string> queues)
    {
        var touched = new List<RedisKey> { keys.Temporaries };
        foreach (var queue in queues)
        {
            touched.Add(keys.Queue(queue).Temporary);
            touched.Add(keys.Queue(queue).List);
        }

        return link.Run(Script.MakeLasting, [.. touched], [.. queues.Select(queue => (RedisValue)queue)]);
    }

    public virtual Task RemoveTemporary(string queue, IReadOnlyList<string> entities)
    {
        var target = keys.Queue(queue);
        return link.Run(
            Script.RemoveTemporary,
            [target.Temporary, target.List, .. entities.Select(keys.Topic)],
            [target.Member]
        );
    }

    // The arguments of publish.lua.
    public static RedisValue[] Arguments(string prefix, PublishRequest request, DateTimeOffset now)
    {
        var (unique, statics, entities) = (request.Unique, request.Static, request.Entities);
        var fixedCount = request.IsTied ? 15 : 11;
        var arguments = new RedisValue[fixedCount + (2 * statics.Count) + entities.Count];
        arguments[0] = prefix;
        arguments[1] = request.MessageId.ToString("D");
        arguments[2] = request.Class;
        arguments[3] = request.Template.BeforeQueue;
        arguments[4] = request.Template.BetweenQueueAndClass;
        arguments[5] = request.Template.AfterJid;
        arguments[6] = request.Due is { } due ? Score.From(due) : "";
        arguments[7] = request.Due is { } end ? JobValue.TokenEnd(end) : "";
        arguments[8] =
            request.IsExchange ? 2
            : request.FollowImplements ? 1
            : 0;
        arguments[9] = request.Template.QueueInside;
        arguments[10] = statics.Count;
        if (request.IsTied)
        {
            arguments[11] = unique?.Digest ?? "";
            arguments[12] = (long)(unique?.LifeFrom(now, request.Due).TotalMilliseconds ?? 0);
            arguments[13] = unique?.OnConflict == SidekiqConflict.Throw ? 1 : 0;
            arguments[14] = Score.From(now);
        }

        var next = fixedCount;
        for (var i = 0; i < statics.Count; i++)
        {
            arguments[next++] = statics[i].Queue;
            arguments[next++] = statics[i].Class;
        }

        for (var i = 0; i < entities.Count; i++)
        {
            arguments[next++] = entities[i];
        }

        return arguments;
    }

    async Task<RedisResult[]> Publish(Script script, PublishRequest request, RedisKey[] touched)
    {
        var arguments = Arguments(keys.Prefix, request, redis.Clock.GetUtcNow());
        var reply = await link.Run(script, touched, arguments).ConfigureAwait(false);
        redis.Refusals.Passed();
        return (RedisResult[])reply!;
    }

    Task<T> Call<T>(string step, RedisKey key, Func<IDatabase, RedisKey, Task<T>> command) =>
        link.Call(step, key, database => command(database, key));
}
