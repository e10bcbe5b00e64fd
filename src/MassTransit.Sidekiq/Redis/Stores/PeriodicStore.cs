using System.Globalization;
using System.Text;
using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// A periodic job as it was read: a stale reading never runs it. Its name is kept as stored in Redis, since a name that is not
// UTF-8 would not be found again by its string.
internal sealed record PeriodicEntry(byte[] Name, double? Score, DateTimeOffset? LastRun, byte[]? Json)
{
    public string Id { get; } = Encoding.UTF8.GetString(Name);

    // A score that is not a time becomes the nearest one.
    public DateTimeOffset? Due => Score is { } score ? Sidekiq.Score.ToTime(score) : null;
}

// The periodic jobs of all applications on this Redis: what they are, when each is due, when it ran last.
internal sealed class PeriodicStore(RedisConnection redis, RedisKeys keys)
{
    public const int MostDue = 100;

    // As many as run_periodic.lua keeps.
    const int MostRuns = 25;

    readonly RedisLink link = redis.Working;

    RedisKey[] Keys => [keys.Periodic, keys.PeriodicJobs, keys.PeriodicLast];

    // Declares `jobs`; with an owner, also removes those of the owner that are not among them. Returns how many were removed.
    public async Task<int> Register(string? owner, IReadOnlyList<(string Id, byte[] Json, DateTimeOffset Due)> jobs)
    {
        var arguments = new List<RedisValue> { owner ?? "", (string)keys.PeriodicRuns("")! };
        foreach (var (id, json, due) in jobs)
        {
            arguments.AddRange([id, json, Score.From(due)]);
        }

        var reply = (int[])(await link.Run(Script.RegisterPeriodic, Keys, [.. arguments]).ConfigureAwait(false))!;
        return reply[1];
    }

    // Soonest first, at most 100, after those that are left in place.
    public Task<IReadOnlyList<PeriodicEntry>> ReadDue(DateTimeOffset now, int skip = 0) =>
        Call(
            "read",
            async database =>
            {
                var due = await database
                    .SortedSetRangeByScoreWithScoresAsync(
                        keys.Periodic,
                        double.NegativeInfinity,
                        Score.ToSeconds(now),
                        skip: skip,
                        take: MostDue
                    )
                    .ConfigureAwait(false);
                if (due.Length == 0)
                {
                    return [];
                }

                var jobs = await database
                    .HashGetAsync(keys.PeriodicJobs, [.. due.Select(entry => entry.Element)])
                    .ConfigureAwait(false);
                return (IReadOnlyList<PeriodicEntry>)
                    [
                        .. due.Zip(
                            jobs,
                            (entry, job) => new PeriodicEntry((byte[])entry.Element!, entry.Score, LastRun: null, job)
                        ),
                    ];
            }
        );

    // When the first of them is due.
    public Task<DateTimeOffset?> NextDue() =>
        Call(
            "read",
            async database =>
            {
                var first = await database
                    .SortedSetRangeByRankWithScoresAsync(keys.Periodic, 0, 0)
                    .ConfigureAwait(false);
                return first.Length == 0 ? (DateTimeOffset?)null : Score.ToTime(first[0].Score);
            }
        );

    // Enqueues a run, or skips it when there is none, and stores the next; a job without a next is over. Returns the
    // copies of a unique job that were not made; null when the entry is stale: another process ran the job, or it was changed.
    public async Task<IReadOnlyList<HeldCopy>?> Run(
        PeriodicEntry entry,
        DateTimeOffset? run,
        PublishRequest? request,
        DateTimeOffset? next
    )
    {
        RedisValue[] arguments =
        [
            entry.Name,
            entry.Score!.Value.ToString("R", CultureInfo.InvariantCulture),
            entry.Json,
            next is { } later ? Score.From(later) : "",
            run is { } time ? Score.From(time) : "",
            .. request is null ? [] : TopicStore.Arguments(keys.Prefix, request, redis.Clock.GetUtcNow()),
        ];

        var runs = keys.PeriodicRuns("").Append(entry.Name);
        RedisKey[] touched = [keys.Queues, keys.Schedule, .. Keys, runs];
        var answer = await link.Run(
                Script.RunPeriodic,
                request is not { IsTied: true } ? touched : [.. touched, keys.Unique("")],
                arguments
            )
            .ConfigureAwait(false);
        return answer.Length >= 0 ? HeldCopy.Read(((RedisResult[])answer!)[1])
            : (int)answer < 0 ? null
            : [];
    }

    // All of them, in the order of their names.
    public Task<IReadOnlyList<PeriodicEntry>> List() =>
        Call(
            "list",
            async database =>
            {
                var (jobs, due, last) = (
                    database.HashGetAllAsync(keys.PeriodicJobs),
                    database.SortedSetRangeByRankWithScoresAsync(keys.Periodic),
                    database.HashGetAllAsync(keys.PeriodicLast)
                );
                var dueOf = (await due.ConfigureAwait(false)).ToDictionary(
                    entry => entry.Element,
                    entry => entry.Score
                );
                var lastOf = (await last.ConfigureAwait(false)).ToDictionary(run => run.Name, run => run.Value);

                return (IReadOnlyList<PeriodicEntry>)
                    [
                        .. (await jobs.ConfigureAwait(false))
                            .Select(job => new PeriodicEntry(
                                (byte[])job.Name!,
                                dueOf.TryGetValue(job.Name, out var next) ? next : null,
                                // A missing value parses as 0.
                                lastOf.TryGetValue(job.Name, out var ran) && ran.TryParse(out double before)
                                    ? Score.ToTime(before)
                                    : null,
                                job.Value
                            ))
                            .OrderBy(entry => entry.Id, StringComparer.Ordinal),
                    ];
            }
        );

    public Task<byte[]?> Find(string id) =>
        Call(
            "read",
            async database => (byte[]?)await database.HashGetAsync(keys.PeriodicJobs, id).ConfigureAwait(false)
        );

    // The last runs, the newest first, as run_periodic.lua has stored them.
    public Task<IReadOnlyList<byte[]>> Runs(string id) =>
        Call(
            "read",
            async database =>
            {
                var runs = await Answers
                    .OrNothing(database.ListRangeAsync(keys.PeriodicRuns(id), 0, MostRuns - 1), [])
                    .ConfigureAwait(false);
                return (IReadOnlyList<byte[]>)[.. runs.Select(run => (byte[])run!)];
            }
        );

    // False when there is no such job. One MULTI: a kill leaves all of it or nothing.
    public Task<bool> Remove(string id) =>
        Call(
            "remove",
            async database =>
            {
                var step = database.CreateTransaction();
                var removed = step.HashDeleteAsync(keys.PeriodicJobs, id);
                var forgotten = Task.WhenAll(
                    step.SortedSetRemoveAsync(keys.Periodic, id),
                    step.HashDeleteAsync(keys.PeriodicLast, id),
                    step.KeyDeleteAsync(keys.PeriodicRuns(id))
                );
                await step.ExecuteAsync().ConfigureAwait(false);
                await forgotten.ConfigureAwait(false);
                return await removed.ConfigureAwait(false);
            }
        );

    // A paused job is stored without a time at which it is due.
    public Task<bool> Pause(string id) => Pause(Encoding.UTF8.GetBytes(id));

    public Task<bool> Pause(PeriodicEntry entry) => Pause(entry.Name);

    public Task Resume(string id, DateTimeOffset due) =>
        Call("resume", database => database.SortedSetAddAsync(keys.Periodic, id, Score.ToSeconds(due), When.NotExists));

    Task<bool> Pause(byte[] name) => Call("pause", database => database.SortedSetRemoveAsync(keys.Periodic, name));

    Task<T> Call<T>(string step, Func<IDatabase, Task<T>> command) => link.Call(step, keys.Periodic, command);
}
