using System.Globalization;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.TestSupport;

/// <summary>
/// A Redis database as a test sees it: Sidekiq's queues and sets, filled and read in the words of the tests.
/// It knows nothing of the code under test, so that both cannot be wrong together.
/// </summary>
public sealed class RedisDatabase(
    Func<ConnectionMultiplexer> connection,
    RedisAddress address,
    int database,
    Func<ValueTask> release
) : IAsyncDisposable
{
    /// <summary>The host of its server.</summary>
    public string Host => address.Host;

    /// <summary>The port of its server.</summary>
    public int Port => address.Port;

    /// <summary>The password of its server, if it has one.</summary>
    public string? Password => address.Password;

    /// <summary>Its number on the server.</summary>
    public int Database => database;

    /// <summary>A configuration string of StackExchange.Redis that leads to this database.</summary>
    public string ConnectionString =>
        $"{Host}:{Port},defaultDatabase={Database}" + (Password is null ? "" : $",password={Password}");

    /// <summary>The same as Ruby writes it: redis://127.0.0.1:6379/3.</summary>
    public string Url =>
        $"redis://{(Password is null ? "" : $":{Uri.EscapeDataString(Password)}@")}{Host}:{Port}/{Database}";

    /// <summary>The database through a connection that tests share: for commands, not for blocking ones.</summary>
    public IDatabase Db => connection().GetDatabase(Database);

    /// <summary>A connection of the caller's own, who disposes it.</summary>
    public async Task<ConnectionMultiplexer> Connect() =>
        await ConnectionMultiplexer.ConnectAsync(ConnectionString).InTime();

    /// <summary>Puts jobs in a queue, so that the first one given runs first.</summary>
    public async Task SeedQueue(string queue, params string[] jobs)
    {
        await Db.SetAddAsync("queues", queue);
        foreach (var job in jobs)
        {
            await Db.ListLeftPushAsync($"queue:{queue}", job);
        }
    }

    /// <summary>Puts a job in the retry set.</summary>
    public Task SeedRetrySet(string job, DateTimeOffset due) => Seed("retry", job, due);

    /// <summary>Puts a job in the scheduled set.</summary>
    public Task SeedScheduledSet(string job, DateTimeOffset due) => Seed("schedule", job, due);

    /// <summary>Puts a job in the dead set.</summary>
    public Task SeedDeadSet(string job, DateTimeOffset died) => Seed("dead", job, died);

    /// <summary>The jobs of a queue in the order they would run.</summary>
    public async Task<string[]> Queue(string queue)
    {
        var jobs = await Db.ListRangeAsync($"queue:{queue}");
        return [.. jobs.Reverse().Select(job => job.ToString())];
    }

    /// <summary>The names of the queues that the Web UI would show, sorted.</summary>
    public async Task<string[]> Queues()
    {
        var names = await Db.SetMembersAsync("queues");
        return [.. names.Select(name => name.ToString()).Order(StringComparer.Ordinal)];
    }

    /// <summary>What waits to be tried again, soonest first.</summary>
    public Task<SetEntry[]> RetrySet() => Set("retry");

    /// <summary>The one job in the retry set, once it is there.</summary>
    public async Task<SetEntry> Retried()
    {
        await Until(async state => (await state.RetrySet()).Length == 1);
        return (await RetrySet())[0];
    }

    /// <summary>Makes every job in the retry set due, as if its time had passed.</summary>
    public async Task RetryNow()
    {
        foreach (var entry in await RetrySet())
        {
            await Db.SortedSetAddAsync("retry", entry.Job, 1);
        }
    }

    /// <summary>What is scheduled, soonest first.</summary>
    public Task<SetEntry[]> ScheduledSet() => Set("schedule");

    /// <summary>What was given up, oldest first.</summary>
    public Task<SetEntry[]> DeadSet() => Set("dead");

    /// <summary>All keys, sorted.</summary>
    public async Task<string[]> Keys()
    {
        var keys = (string[])(await Db.ExecuteAsync("KEYS", "*"))!;
        return [.. keys.Order(StringComparer.Ordinal)];
    }

    /// <summary>
    /// The whole state: each key with its type, its content and whether it expires. Two equal snapshots are one state:
    /// lists in their order, sets and hashes sorted.
    /// </summary>
    public async Task<SortedDictionary<string, string>> Snapshot()
    {
        var state = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var key in await Keys())
        {
            var type = await Db.KeyTypeAsync(key);
            var expires = await Db.KeyTimeToLiveAsync(key) is null ? "" : " (expires)";
            state[key] = $"{type.ToString().ToLowerInvariant()}{expires} {await Content(key, type)}";
        }

        return state;
    }

    /// <summary>The snapshot as text, for a message.</summary>
    public async Task<string> Dump() =>
        string.Join('\n', (await Snapshot()).Select(entry => $"{entry.Key} {entry.Value}"));

    /// <summary>Waits until what another process does here has the expected effect; fails with the whole state.</summary>
    public Task Until(Func<RedisDatabase, Task<bool>> condition) => Eventually.Until(() => condition(this), Dump);

    /// <summary>Removes every key.</summary>
    public Task Flush() => Db.ExecuteAsync("FLUSHDB");

    /// <summary>Whether there is no key.</summary>
    public async Task<bool> IsEmpty() => (int)await Db.ExecuteAsync("DBSIZE") == 0;

    /// <inheritdoc />
    public ValueTask DisposeAsync() => release();

    Task Seed(string set, string job, DateTimeOffset at) => Db.SortedSetAddAsync(set, job, SetEntry.ToScore(at));

    async Task<SetEntry[]> Set(string key)
    {
        var entries = await Db.SortedSetRangeByRankWithScoresAsync(key);
        return [.. entries.Select(entry => new SetEntry(entry.Element.ToString(), entry.Score))];
    }

    async Task<string> Content(string key, RedisType type) =>
        type switch
        {
            RedisType.String => (await Db.StringGetAsync(key)).ToString(),
            RedisType.List => Join((await Db.ListRangeAsync(key)).Select(item => item.ToString())),
            RedisType.Set => Join(
                (await Db.SetMembersAsync(key)).Select(item => item.ToString()).Order(StringComparer.Ordinal)
            ),
            RedisType.Hash => Join((await Db.HashGetAllAsync(key)).Select(Line).Order(StringComparer.Ordinal)),
            RedisType.SortedSet => Join((await Db.SortedSetRangeByRankWithScoresAsync(key)).Select(Line)),
            _ => "?",
        };

    static string Line(HashEntry entry) => $"{entry.Name} = {entry.Value}";

    static string Line(SortedSetEntry entry) =>
        $"{entry.Score.ToString("R", CultureInfo.InvariantCulture)} {entry.Element}";

    static string Join(IEnumerable<string> lines) => $"[\n  {string.Join(",\n  ", lines)}\n]";
}

/// <summary>A member of the retry, scheduled or dead set, with its score: seconds since 1970.</summary>
public sealed record SetEntry(string Job, double Score)
{
    /// <summary>The score as a time.</summary>
    public DateTimeOffset Time => DateTimeOffset.UnixEpoch.AddSeconds(Score);

    /// <summary>A time as Sidekiq writes it in a score.</summary>
    public static double ToScore(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).TotalSeconds;
}
