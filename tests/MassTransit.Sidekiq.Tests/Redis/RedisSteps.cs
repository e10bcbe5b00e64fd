using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests.Redis;

// A database of a test's own, and a process of ours that works in it; `Another` is a second process beside the first.
sealed class RedisSteps : IAsyncDisposable
{
    public static readonly DateTimeOffset Now = TestClock.Start;
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(1);

    readonly RedisSteps? first;
    readonly List<RedisSteps> others = [];

    RedisSteps(RedisDatabase redis, string identity, string prefix, RedisSettings? settings, RedisSteps? first)
    {
        (Redis, this.first) = (redis, first);
        Keys = new RedisKeys(prefix, identity);
        Connection = new RedisConnection(settings ?? SettingsFor(redis, prefix), Log, new FakeClock(Now));
        Jobs = new JobStore(Connection, Keys);
        Topics = new TopicStore(Connection, Keys);
        Claims = new ClaimStore(Connection, Keys, DeadSet.Default);
        Leases = new LeaseStore(Connection, Keys, DeadSet.Default);
        DueJobs = new DueJobStore(Connection, Keys, DeadSet.Default);
        Watch = new WatchStore(Connection, Keys);
    }

    public RedisDatabase Redis { get; }

    public RedisKeys Keys { get; }

    public ListLogger Log { get; } = new();

    public RedisConnection Connection { get; }

    public JobStore Jobs { get; }

    public TopicStore Topics { get; }

    public ClaimStore Claims { get; }

    public LeaseStore Leases { get; }

    public DueJobStore DueJobs { get; }

    public WatchStore Watch { get; }

    public static async Task<RedisSteps> Open(string prefix = "") =>
        new(await RedisServer.Lease(), "host:1:a", prefix, null, null);

    public static RedisSteps On(RedisServer server, RedisSettings? settings = null) =>
        new(server.Open(), "host:1:a", "", settings, null);

    public static RedisSettings SettingsFor(RedisDatabase redis, string prefix = "") =>
        new()
        {
            Options = new ConfigurationOptions
            {
                EndPoints = { { redis.Host, redis.Port } },
                DefaultDatabase = redis.Database,
                Password = redis.Password,
                ClientName = "masstransit",
                // A machine that stands still for some seconds is no outage.
                ConnectTimeout = 15_000,
            },
            KeyPrefix = prefix,
            CommandTimeout = TimeSpan.FromSeconds(15),
        };

    // A second process; it ends with this one.
    public RedisSteps Another(string identity = "host:2:b")
    {
        var another = new RedisSteps(Redis, identity, Keys.Prefix, null, this);
        others.Add(another);
        return another;
    }

    // Takes the lease, so that something can be claimed.
    public async Task<RedisSteps> Alive(params string[] queues)
    {
        Leases.Own(queues);
        await Leases.Renew(Life);
        return this;
    }

    // The lease ends now.
    public Task Die() => Redis.Db.KeyDeleteAsync(Keys.Alive);

    // What kill -9 leaves: the lease is there, and Redis sees the connections closed.
    public async Task Kill()
    {
        long[] open =
        [
            .. Connection.Ids.ToString().Split(' ').Select(id => long.Parse(id, CultureInfo.InvariantCulture)),
        ];
        await Connection.DisposeAsync();
        await Until(async () => (await first!.Watch.Open(open)).Count == 0);
    }

    public Task<ClaimedJobs> Claim(int count, params string[] queues) => Claims.Claim(Request(count, queues));

    public ClaimRequest Request(int count, params string[] queues) =>
        new()
        {
            Queues = queues,
            Order = Enumerable.Range(0, queues.Length).ToArray(),
            Count = count,
            FirstNumber = Claims.Reserve(count),
            Acknowledged = [.. queues.Select(_ => Array.Empty<long>())],
        };

    // What this process has claimed from a queue and not settled, in the order of the claims.
    public async Task<string[]> Working(string queue)
    {
        var jobs = await Redis.Db.HashGetAllAsync(Keys.Queue(queue).Working);
        return [.. jobs.OrderBy(job => (long)job.Name).Select(job => job.Value.ToString())];
    }

    // As full as the dead set may be, and more, with jobs that died in the last days.
    public Task FillDeadSet(int count) =>
        Redis.Db.SortedSetAddAsync(
            Keys.Dead,
            [
                .. Enumerable
                    .Range(0, count)
                    .Select(number => new SortedSetEntry($"{number}", Score.ToSeconds(Now) - count + number)),
            ]
        );

    public async ValueTask DisposeAsync()
    {
        foreach (var other in others)
        {
            await other.DisposeAsync();
        }

        await Connection.DisposeAsync();
        if (first is null)
        {
            await Redis.DisposeAsync();
        }
    }
}

static partial class RedisExtensions
{
    // How often a server has run each command.
    public static async Task<SortedDictionary<string, long>> Calls(this RedisServer server)
    {
        var asked = server.Open().Db.Multiplexer.GetServer("127.0.0.1", server.Port);
        var statistics = await asked.InfoRawAsync("commandstats");

        var calls = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (Match match in CallsOfACommand().Matches(statistics!))
        {
            calls[match.Groups["command"].Value] = long.Parse(
                match.Groups["calls"].Value,
                CultureInfo.InvariantCulture
            );
        }

        return calls;
    }

    public static async Task<long> Calls(this RedisServer server, string command) =>
        (await server.Calls()).GetValueOrDefault(command);

    [GeneratedRegex("cmdstat_(?<command>[^:]+):calls=(?<calls>[0-9]+)", RegexOptions.ExplicitCapture)]
    private static partial Regex CallsOfACommand();

    public static ReadOnlyMemory<byte> Bytes(this string json) => Encoding.UTF8.GetBytes(json);

    public static string[] Texts(this ClaimedJobs claimed) =>
        [.. claimed.Jobs.Select(job => Encoding.UTF8.GetString(job.Json))];
}

// Keeps what is logged, so that a test can count the lines.
sealed class ListLogger : ILogger
{
    readonly Lock gate = new();
    readonly List<string> lines = [];

    public string[] Lines
    {
        get
        {
            lock (gate)
            {
                return [.. lines];
            }
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        // Steps live by a clock of their own, which is never Redis'.
        if (eventId.Id != 2010)
        {
            lock (gate)
            {
                lines.Add(formatter(state, exception));
            }
        }
    }
}

static class RedisSettingsExtensions
{
    // The same settings, but for what is changed.
    public static RedisSettings Set(this RedisSettings settings, Action<ConfigurationOptions> change)
    {
        var options = settings.Options.Clone();
        change(options);
        return settings with { Options = options };
    }
}
