using System.Runtime.ExceptionServices;

namespace MassTransit.Sidekiq;

// A scheduled or retried job; with a token it can be cancelled.
internal sealed record MemoryDueJob(ReadOnlyMemory<byte> Json, DateTimeOffset Due, Guid? Token = null);

// The jobs and subscriptions of a test harness without Redis: what the scripts keep there.
internal sealed class MemoryJobs
{
    readonly Lock gate = new();
    readonly Dictionary<string, LinkedList<ReadOnlyMemory<byte>>> queues = new(StringComparer.Ordinal);
    readonly Dictionary<DueSet, List<MemoryDueJob>> sets = new() { [DueSet.Schedule] = [], [DueSet.Retry] = [] };
    readonly Dictionary<string, Dictionary<string, string>> topics = new(StringComparer.Ordinal);
    readonly Dictionary<string, IReadOnlyList<string>> implements = new(StringComparer.Ordinal);
    readonly HashSet<string> unheard = new(StringComparer.Ordinal);

    // What runs the jobs of a queue at once; null for a queue in which they wait.
    public Func<string, Func<ReadOnlyMemory<byte>, Task>?> RunnerOf { get; set; } = static _ => null;

    // Topics that were published to without a subscriber.
    public IReadOnlyList<string> Unheard
    {
        get
        {
            lock (gate)
            {
                return [.. unheard.Order(StringComparer.Ordinal)];
            }
        }
    }

    public IReadOnlyList<(string Queue, ReadOnlyMemory<byte> Json)> Waiting
    {
        get
        {
            lock (gate)
            {
                return [.. queues.SelectMany(queue => queue.Value.Select(json => (queue.Key, json)))];
            }
        }
    }

    public IReadOnlyList<MemoryDueJob> Scheduled
    {
        get
        {
            lock (gate)
            {
                return [.. sets[DueSet.Schedule].OrderBy(job => job.Due)];
            }
        }
    }

    // All jobs run, even if one of them fails and the sender hears of it.
    public async Task Push(params IReadOnlyList<(string Queue, ReadOnlyMemory<byte> Json)> jobs)
    {
        var faults = new List<Exception>();
        foreach (var (queue, json) in jobs)
        {
            if (RunnerOf(queue) is not { } run)
            {
                Add(queue, json);
                continue;
            }

            try
            {
                await run(json).ConfigureAwait(false);
            }
            catch (Exception fault)
            {
                faults.Add(fault);
            }
        }

        if (faults.Count == 1)
        {
            ExceptionDispatchInfo.Throw(faults[0]);
        }
        else if (faults.Count > 1)
        {
            throw new AggregateException($"{faults.Count} of {jobs.Count} consumers failed.", faults);
        }
    }

    void Add(string queue, ReadOnlyMemory<byte> json)
    {
        lock (gate)
        {
            Queue(queue).AddLast(json);
        }
    }

    // To the head: the next to run.
    public void Return(string queue, ReadOnlyMemory<byte> job)
    {
        lock (gate)
        {
            Queue(queue).AddFirst(job);
        }
    }

    // Null when none waits.
    public ReadOnlyMemory<byte>? Take(string queue)
    {
        lock (gate)
        {
            if (Queue(queue).First is not { } first)
            {
                return null;
            }

            Queue(queue).RemoveFirst();
            return first.Value;
        }
    }

    public void Add(DueSet set, MemoryDueJob job)
    {
        lock (gate)
        {
            sets[set].Add(job);
        }
    }

    // Takes those that are due out of a set, the earliest first.
    public IReadOnlyList<MemoryDueJob> TakeDue(DueSet set, DateTimeOffset? dueBy)
    {
        lock (gate)
        {
            var due = sets[set].Where(job => dueBy is null || job.Due <= dueBy).OrderBy(job => job.Due).ToList();
            sets[set].RemoveAll(due.Contains);
            return due;
        }
    }

    public bool Cancel(Guid token)
    {
        lock (gate)
        {
            return sets[DueSet.Schedule].RemoveAll(job => job.Token == token) > 0;
        }
    }

    public long Clear(string queue)
    {
        lock (gate)
        {
            var count = Queue(queue).Count;
            queues.Remove(queue);
            return count;
        }
    }

    public void Clear()
    {
        lock (gate)
        {
            queues.Clear();
            unheard.Clear();
            foreach (var set in sets.Values)
            {
                set.Clear();
            }
        }
    }

    public void Subscribe(string entity, string subscription, string jobClass)
    {
        lock (gate)
        {
            (topics.TryGetValue(entity, out var found) ? found : topics[entity] = new(StringComparer.Ordinal))[
                subscription
            ] = jobClass;
        }
    }

    public void Implement(string entity, IReadOnlyList<string> parents)
    {
        lock (gate)
        {
            implements[entity] = parents;
        }
    }

    // As publish.lua: one copy for each queue and class. Returns each copy as `queue|Class`.
    public async Task<IReadOnlyList<string>> Publish(PublishRequest request)
    {
        List<(string Queue, string Class)> copies;
        lock (gate)
        {
            copies = [.. Subscribers(request).Distinct()];
            if (copies.Count == 0)
            {
                unheard.Add(request.Entities[0]);
            }
        }

        var jobs = copies.ConvertAll(copy => (copy.Queue, Json: Copy(request, copy.Queue, copy.Class)));
        if (request.Due is { } due)
        {
            jobs.ForEach(job => Add(DueSet.Schedule, new MemoryDueJob(job.Json, due, request.Token)));
        }
        else
        {
            await Push(jobs).ConfigureAwait(false);
        }

        return [.. copies.Select(copy => $"{copy.Queue}|{copy.Class}")];
    }

    static ReadOnlyMemory<byte> Copy(PublishRequest request, string queue, string jobClass) =>
        request.Template.Fill(queue, jobClass, JobId.From(request.MessageId, queue, jobClass));

    IEnumerable<(string Queue, string Class)> Subscribers(PublishRequest request)
    {
        foreach (var subscriber in request.Static)
        {
            yield return subscriber;
        }

        var entities = request.Entities.ToList();
        if (request.IsExchange && !topics.ContainsKey(entities[0]) && !implements.ContainsKey(entities[0]))
        {
            yield return (entities[0], request.Class);
        }

        // A queue bound through several entities gets one copy: the nearest entity decides the class.
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < entities.Count; i++)
        {
            foreach (var (subscription, jobClass) in topics.GetValueOrDefault(entities[i]) ?? [])
            {
                if (seen.Add(subscription))
                {
                    var parts = subscription.Split('|', 2);
                    yield return (
                        parts[0],
                        jobClass.Length > 0 ? jobClass
                        : parts.Length > 1 ? parts[1]
                        : request.Class
                    );
                }
            }

            if (request.FollowImplements && implements.TryGetValue(entities[i], out var parents))
            {
                entities.AddRange(parents.Except(entities, StringComparer.Ordinal));
            }
        }
    }

    LinkedList<ReadOnlyMemory<byte>> Queue(string queue) =>
        queues.TryGetValue(queue, out var found) ? found : queues[queue] = [];
}
