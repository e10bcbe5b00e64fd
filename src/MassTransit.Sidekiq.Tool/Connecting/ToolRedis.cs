using System.Net;
using Microsoft.Extensions.Logging.Abstractions;

namespace MassTransit.Sidekiq;

// The Redis that the tool was pointed at, through the transport's own inspector. It connects at the first question, and is not a
// process in Redis. What it changes, the inspector changes; what it asks besides only reads.
internal sealed class ToolRedis : IAsyncDisposable
{
    static readonly TimeSpan connectTimeout = TimeSpan.FromSeconds(3);

    static readonly TimeSpan pause = TimeSpan.FromMilliseconds(200);
    static readonly TimeSpan longestSearch = TimeSpan.FromSeconds(1);

    readonly InspectedRedis redis;
    Task<string>? info;

    public ToolRedis(string address, string keyPrefix, TimeProvider clock)
    {
        var settings = new SidekiqHostSettings();
        try
        {
            settings.Apply(address);
        }
        catch (Exception fault) when (fault is ArgumentException or ConfigurationException or UriFormatException)
        {
            throw new ToolFault($"--redis: {fault.Message}", fault);
        }

        settings.KeyPrefix = keyPrefix;
        settings.ClientName = "dotnet-sidekiq";
        settings.ConnectTimeout = connectTimeout;
        var faults = settings
            .Validate()
            .Where(result => result.Disposition == ValidationResultDisposition.Failure)
            .Select(fault => $"--redis, {fault.Key}: {fault.Message}")
            .ToList();
        if (faults.Count > 0)
        {
            throw new ToolFault(string.Join('\n', faults));
        }

        redis = new InspectedRedis(settings, NullLogger.Instance, clock);
        Inspector = new SidekiqInspector(redis);
        Database = Math.Max(0, RedisOptions.Database(settings.ToRedisSettings()));
    }

    public ISidekiqInspector Inspector { get; }

    public RedisStores Stores => redis.Stores;

    public string Address => Stores.Redis.Settings.Address;

    // The servers, or the sentinels, that were named.
    public IReadOnlyList<EndPoint> Servers => RedisOptions.EndPoints(Stores.Redis.Settings);

    // Where it is, as a user says it.
    public string Place => $"{Address}, database {Database}";

    public int Database { get; }

    public DateTimeOffset Now => redis.Clock.GetUtcNow();

    // The answer of INFO, asked for once; empty where it is not allowed.
    public Task<string> Info() => info ??= Stores.Inspection.Info();

    // A field of it; null where it is missing.
    public async Task<string?> Info(string field) =>
        RedisInfo.Field(await Info(), field + ":") is { Length: > 0 } value ? value : null;

    // A setting of the server; null where CONFIG is not allowed, as in most hosted ones.
    public async Task<string?> Setting(string name)
    {
        try
        {
            var reply = await Stores.Redis.Working.Ask("config", db => db.ExecuteAsync("CONFIG", "GET", name));
            return (string[]?)reply is [_, var value, ..] ? value : null;
        }
        catch (SidekiqRedisException)
        {
            return null;
        }
    }

    // Why Redis did not answer: the first command may end before the reason is known, such as a refused password. Asks again for a
    // second, until a refusal tells; null when it answers meanwhile.
    public async Task<Exception?> WhyLost(CancellationToken token)
    {
        var asked = RealTime.Clock.GetTimestamp();
        while (true)
        {
            try
            {
                await Inspector.RetrySet.Count(token);
                return null;
            }
            catch (SidekiqRedisException refused)
            {
                return refused;
            }
            catch (ConnectionException lost) when (RealTime.Clock.GetElapsedTime(asked) > longestSearch)
            {
                return lost;
            }
            catch (ConnectionException)
            {
                await Task.Delay(pause, RealTime.Clock, token);
            }
        }
    }

    public ValueTask DisposeAsync() => redis.DisposeAsync();
}
