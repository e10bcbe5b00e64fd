namespace MassTransit.Sidekiq;

// Where jobs wait: a queue, or one of the three sets. `Set` is null for a queue.
internal sealed record JobPlace(string Name, ISidekiqJobSet? Set, ISidekiqInspector Inspector)
{
    const string QueuePrefix = "queue:";

    // By a name that a user wrote. A queue may be called like a set: then it is written queue:retry.
    public static async Task<JobPlace> Find(ISidekiqInspector inspector, string name, CancellationToken token)
    {
        if (SetOf(inspector, name) is { } set)
        {
            return new JobPlace(name, set, inspector);
        }

        return await Queue(
            inspector,
            name.StartsWith(QueuePrefix, StringComparison.Ordinal) ? name[QueuePrefix.Length..] : name,
            token
        );
    }

    public static async Task<JobPlace> Queue(ISidekiqInspector inspector, string name, CancellationToken token)
    {
        var queues = await inspector.Queues(token);
        return queues.Any(queue => queue.Name == name)
            ? new JobPlace(name, null, inspector)
            : throw new ToolFault(
                $"There is no queue '{name}'. "
                    + (
                        queues.Count == 0
                            ? "This Redis has no queues: is it the right one, with the right database and prefix?"
                            : $"The queues are {Words.List([.. queues.Select(queue => queue.Name)], 20)}; the sets retry, schedule and dead."
                    )
            );
    }

    public static JobPlace OfSet(ISidekiqInspector inspector, JobSetName name)
    {
        var text = name.ToString().ToLowerInvariant();
        return new JobPlace(text, SetOf(inspector, text)!, inspector);
    }

    public async Task<long> Count(CancellationToken token) =>
        Set is not null
            ? await Set.Count(token)
            : (await Inspector.Queues(token)).FirstOrDefault(queue => queue.Name == Name)?.Size ?? 0;

    // The next one of a queue first, the earliest of a set; the latest death of the dead set.
    public IAsyncEnumerable<SidekiqEntry> Entries(CancellationToken token) =>
        Set is null ? Inspector.Jobs(Name, token) : Set.Entries(newestFirst: Name == "dead", cancellationToken: token);

    static ISidekiqJobSet? SetOf(ISidekiqInspector inspector, string name) =>
        name switch
        {
            "retry" => inspector.RetrySet,
            "schedule" => inspector.ScheduledSet,
            "dead" => inspector.DeadSet,
            _ => null,
        };
}

// The sets, as --set names them.
internal enum JobSetName
{
    Retry,
    Schedule,
    Dead,
}
