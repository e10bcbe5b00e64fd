namespace MassTransit.Sidekiq;

// What is wrong, and how to correct it.
internal sealed record Warning(string What, string Cure);

// What the overview has read, and what is wrong with it. A kind of warning names at most a few of what it is about.
internal sealed record Findings(
    SidekiqOverview Overview,
    SidekiqRedisServer Redis,
    SidekiqClaims Claims,
    SidekiqTopicList Topics
)
{
    const int MostNamed = 5;

    // How late a due job may be: pollers look every few seconds, those of Ruby every fifteen on average.
    public static readonly TimeSpan Late = TimeSpan.FromMinutes(1);

    // .NET beats every 5 s, Ruby every 10; after 60 s without a beat a process is off the page.
    static readonly TimeSpan longestBeat = TimeSpan.FromSeconds(30);

    // Jobs of the retry and scheduled sets that have been due for longer than that.
    public long Overdue { get; init; }

    public DateTimeOffset Now { get; init; }

    public IEnumerable<Warning> Warnings() => [.. OfRedis(), .. OfProcesses(), .. OfQueues()];

    IEnumerable<Warning> OfRedis()
    {
        if (Redis.EvictionPolicy is { } policy && policy != "noeviction")
        {
            yield return new Warning(
                $"Redis evicts keys (maxmemory-policy {policy}), which silently deletes queued jobs.",
                "Set maxmemory-policy to noeviction."
            );
        }

        if (Redis is { UsedBytes: { } used, MostBytes: { } most } && used > most * 0.9)
        {
            yield return new Warning(
                $"Redis uses {Show.Bytes(used)} of {Show.Bytes(most)}: at its limit it refuses what is sent.",
                "Add memory, or clear what nobody needs."
            );
        }

        if (Redis.IsAppendOnly == false)
        {
            yield return new Warning(
                "Redis keeps no append-only file: a crash loses what came since its last snapshot.",
                "Set appendonly to yes where jobs must survive a crash of Redis."
            );
        }

        if (Redis.ClockSkew is { } skew && skew.Duration() > ClockSkew.Tolerable)
        {
            yield return new Warning(
                $"This machine's clock is {Show.Age(skew.Duration())} {ClockSkew.Direction(skew)} Redis's, and {Show.Age(ClockSkew.Tolerable)} are tolerable: scheduled jobs and retries are off by as much.",
                "Synchronize the clocks, as NTP does."
            );
        }
    }

    IEnumerable<Warning> OfProcesses()
    {
        var orphans = Claims.Claims.Where(claim => claim is { IsAlive: false, Jobs: > 0 }).ToArray();
        if (orphans.Length > 0)
        {
            yield return new Warning(
                $"{Show.Jobs(orphans.Sum(claim => claim.Jobs))} claimed by processes whose lease has ended: {Named(orphans.Select(claim => $"{claim.Identity} (queue {claim.Queue})"))}.",
                "Start a .NET worker: it returns them to their queues within seconds. If one runs, its log says what Redis refuses."
            );
        }

        if (Overdue > 0)
        {
            yield return new Warning(
                $"{Show.Jobs(Overdue)} due for more than {Show.Age(Late)} in the retry or scheduled set: no process moves them to their queues.",
                "Start a worker. What Ruby scheduled waits for a Ruby process, unless MovesRubyJobs is on."
            );
        }

        var silent = Overview.Processes.Where(process => Now - process.BeatAt > longestBeat).ToArray();
        if (silent.Length > 0)
        {
            yield return new Warning(
                $"No heartbeat for more than {Show.Age(longestBeat)}: {Named(silent.Select(process => process.Identity))}.",
                "See whether it hangs, has lost Redis, or has another time; a minute after its last heartbeat it is off the page."
            );
        }
    }

    IEnumerable<Warning> OfQueues()
    {
        var served = Overview
            .Processes.Where(process => !process.IsQuiet)
            .SelectMany(process => process.Queues)
            .ToHashSet(StringComparer.Ordinal);
        var topicsOf = Topics
            .Topics.SelectMany(topic => topic.Subscriptions.Select(subscription => (topic.Name, subscription)))
            .Where(pair => !pair.subscription.IsTemporary && !served.Contains(pair.subscription.Queue))
            .ToLookup(pair => pair.subscription.Queue, pair => pair.Name, StringComparer.Ordinal);
        var sizes = Overview.Queues.ToDictionary(queue => queue.Name, queue => queue.Size, StringComparer.Ordinal);
        foreach (var topics in topicsOf)
        {
            yield return new Warning(
                $"No process takes jobs from queue {topics.Key}, where {Show.Waiting(sizes.GetValueOrDefault(topics.Key))}, and what is published to {Named(topics.Distinct(StringComparer.Ordinal))} goes there.",
                "Start a worker for it, or remove its subscription."
            );
        }

        foreach (var queue in Overview.Queues.Where(queue => queue.Size > 0))
        {
            if (!served.Contains(queue.Name) && !topicsOf.Contains(queue.Name))
            {
                yield return new Warning(
                    $"No process takes jobs from queue {queue.Name}, where {Show.Waiting(queue.Size)}.",
                    "Start a worker for it, move its jobs, or clear it."
                );
            }

            if (queue.IsPaused)
            {
                yield return new Warning(
                    $"Queue {queue.Name} is paused, and {Show.Waiting(queue.Size)} in it.",
                    "Resume it."
                );
            }
        }
    }

    static string Named(IEnumerable<string> names)
    {
        string[] all = [.. names];
        return string.Join(", ", all.Take(MostNamed))
            + (all.Length > MostNamed ? $" and {all.Length - MostNamed} more" : "");
    }
}
