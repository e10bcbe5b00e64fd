using System.Globalization;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests;

/// <summary>Walks from 0, or from its cursor, up to a number.</summary>
[SidekiqJob("Walk")]
public sealed record Walk(int To);

/// <summary>What walkers do and did, in all buses of a test.</summary>
public sealed class WalkLog
{
    public Seen<string?> Begun { get; } = new();

    public Seen<int> Items { get; } = new();

    public Func<ConsumeContext<Walk>, int, Task> Each { get; set; } = (_, _) => Task.CompletedTask;

    public TimeSpan? MaxRuntime { get; set; }
}

/// <summary>An iterable consumer.</summary>
public sealed class Walker(WalkLog log) : IIterableConsumer<Walk, int>
{
    public TimeSpan? MaxIterationRuntime => log.MaxRuntime;

    public async IAsyncEnumerable<Step<int>> Items(ConsumeContext<Walk> context, string? cursor)
    {
        log.Begun.Add(cursor);
        for (var item = int.Parse(cursor ?? "0", CultureInfo.InvariantCulture); item < context.Message.To; item++)
        {
            await Task.Yield();
            yield return new Step<int>(item, $"{item}");
        }
    }

    public async Task Each(ConsumeContext<Walk> context, int item)
    {
        log.Items.Add(item);
        await log.Each(context, item);
    }
}

/// <summary>Another one for the same message.</summary>
public sealed class SecondWalker(WalkLog log) : IIterableConsumer<Walk, int>
{
    readonly Walker walker = new(log);

    public IAsyncEnumerable<Step<int>> Items(ConsumeContext<Walk> context, string? cursor) =>
        walker.Items(context, cursor);

    public Task Each(ConsumeContext<Walk> context, int item) => walker.Each(context, item);
}

static class Walks
{
    public const string Queue = "walks";

    // Longer than a test takes, and not endless: what does not stop it must not hold up the other tests.
    public const int Long = 200_000;

    public static string Job(int to, string jid) =>
        $$"""{"class":"Walk","args":[{"to":{{to}}}],"queue":"walks","jid":"{{jid}}","retry":true,"added":"stays"}""";

    public static Task<TestBus> Start(
        RedisDatabase redis,
        ITestOutputHelper output,
        WalkLog log,
        Action<IRegistrationContext, IReceiveEndpointConfigurator>? endpoint = null,
        TimeProvider? clock = null
    ) =>
        TestBus.Start(
            redis,
            output,
            x =>
            {
                x.AddSingleton(log);
                x.AddSingleton(clock ?? TimeProvider.System);
                x.AddConsumer<Walker>().Endpoint(e => (e.Name, e.ConcurrentMessageLimit) = (Queue, 1));
                x.AddConfigureEndpointsCallback((context, _, e) => endpoint?.Invoke(context, e));
            }
        );

    public static Task Ended(RedisDatabase redis) =>
        redis.Until(async state =>
            !(await state.Keys()).Any(key =>
                key.StartsWith("mt:working", StringComparison.Ordinal) || key is "queue:walks"
            )
        );

    public static async Task<Dictionary<string, string>> State(RedisDatabase redis, string jid) =>
        (await redis.Db.HashGetAllAsync("it-" + jid)).ToDictionary(
            field => field.Name.ToString(),
            field => field.Value.ToString(),
            StringComparer.Ordinal
        );
}
