using System.Collections.Concurrent;
using System.Diagnostics;

namespace MassTransit.Sidekiq.Tests;

/// <summary>How fast a load sends, and when it ends by itself.</summary>
public sealed record NumberedLoadOptions
{
    /// <summary>Senders, each with one message in flight. Default: 8.</summary>
    public int Senders { get; init; } = 8;

    /// <summary>The shortest time between two messages of one sender. Default: 40 ms.</summary>
    public TimeSpan Every { get; init; } = TimeSpan.FromMilliseconds(40);

    /// <summary>How many messages there are at most. Default: 20,000.</summary>
    public int Maximum { get; init; } = 20_000;

    /// <summary>How long it sends at most. Default: 60 s.</summary>
    public TimeSpan Longest { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long nothing must happen before what is still waiting is given up. Default: 5 s.</summary>
    public TimeSpan Quiet { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>
/// Sends numbered messages and consumes them, whatever happens to Redis meanwhile, and tells which of those that were
/// acknowledged never ran. A send that throws is not repeated.
/// </summary>
public sealed class NumberedLoad(NumberedLoadOptions? options = null) : IDisposable
{
    const string Queue = nameof(Numbered);

    readonly NumberedLoadOptions options = options ?? new NumberedLoadOptions();
    readonly ConcurrentDictionary<int, DateTimeOffset> acknowledged = new();
    readonly ConcurrentDictionary<int, Exception> refused = new();
    readonly ConcurrentDictionary<int, int> ran = new();
    readonly CancellationTokenSource stop = new();
    readonly Lock gate = new();
    readonly List<(int Count, TaskCompletionSource Reached)> waiters = [];
    Task sending = Task.CompletedTask;
    TaskCompletionSource held = Released();
    int last;
    long changed = Stopwatch.GetTimestamp();

    /// <summary>Adds the consumer to a bus, whose endpoints are configured by convention.</summary>
    public void Register(IBusRegistrationConfigurator bus) => bus.AddHandler<Numbered>(Consume);

    /// <summary>Begins to send.</summary>
    public void Start(IBus bus) =>
        sending = Task.WhenAll(Enumerable.Range(0, options.Senders).Select(_ => Task.Run(() => SendAll(bus))));

    /// <summary>Completes when so many more messages have been acknowledged.</summary>
    public Task Acknowledged(int more)
    {
        lock (gate)
        {
            var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiters.Add((acknowledged.Count + more, waiter));
            return waiter.Task.InTime(() => $"{more} more messages are acknowledged; {Result([])}");
        }
    }

    /// <summary>Lets consumers wait, so that messages pile up in Redis.</summary>
    public void Hold() => held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Lets consumers go on after <see cref="Hold"/>.</summary>
    public void Release() => held.TrySetResult();

    /// <summary>
    /// Ends sending, waits until the Redis that the bus uses now holds no message any more, or nothing has happened for a while,
    /// and tells what became of all.
    /// </summary>
    public async Task<LoadResult> Finish(RedisDatabase redis)
    {
        await stop.CancelAsync();
        await sending.InTime(() => $"the last sends are answered; {Result([])}");
        Volatile.Write(ref changed, Stopwatch.GetTimestamp());
        string[] left = [];
        await Until(async () =>
        {
            left = await Left(redis);
            return left is [] || Stopwatch.GetElapsedTime(Volatile.Read(ref changed)) > options.Quiet;
        });
        return Result(left);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Release();
        stop.Cancel();
        stop.Dispose();
    }

    async Task Consume(ConsumeContext<Numbered> context)
    {
        await held.Task;
        ran.AddOrUpdate(context.Message.Number, 1, (_, count) => count + 1);
        Volatile.Write(ref changed, Stopwatch.GetTimestamp());
    }

    async Task SendAll(IBus bus)
    {
        var started = Stopwatch.GetTimestamp();
        var endpoint = await bus.GetSendEndpoint(new Uri($"queue:{Queue}"));
        using var pace = new PeriodicTimer(options.Every, TimeProvider.System);
        while (!stop.IsCancellationRequested && Stopwatch.GetElapsedTime(started) < options.Longest)
        {
            var number = Interlocked.Increment(ref last);
            if (number > options.Maximum)
            {
                return;
            }

            await Send(endpoint, number);
            await pace.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    async Task Send(ISendEndpoint endpoint, int number)
    {
        try
        {
            await endpoint.Send(new Numbered(number));
        }
#pragma warning disable CA1031 // Whatever it is, the sender was not told that the message is safe.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            refused[number] = exception;
            return;
        }

        lock (gate)
        {
            acknowledged[number] = TimeProvider.System.GetUtcNow();
            foreach (var waiter in waiters.Where(waiter => waiter.Count <= acknowledged.Count).ToList())
            {
                waiters.Remove(waiter);
                waiter.Reached.SetResult();
            }
        }
    }

    LoadResult Result(string[] left) =>
        new(acknowledged.ToDictionary(), refused.ToDictionary(), ran.ToDictionary(), left);

    // The keys in which there may be messages that have not run, or of which Redis does not know that they have.
    static async Task<string[]> Left(RedisDatabase redis)
    {
        string[] places = [$"queue:{Queue}", "mt:working:", "mt:landing:", "retry", "schedule", "dead"];
        var keys = await redis.Keys();
        return [.. keys.Where(key => places.Any(place => key.StartsWith(place, StringComparison.Ordinal)))];
    }

    static TaskCompletionSource Released()
    {
        var released = new TaskCompletionSource();
        released.SetResult();
        return released;
    }

    /// <summary>The message.</summary>
    public sealed record Numbered(int Number);
}

/// <summary>What became of a load.</summary>
/// <param name="Acknowledged">The numbers whose send came back, and when.</param>
/// <param name="Refused">The numbers whose send threw; they may have run all the same.</param>
/// <param name="Ran">How often each number ran.</param>
/// <param name="Left">The keys in which there still are messages.</param>
public sealed record LoadResult(
    IReadOnlyDictionary<int, DateTimeOffset> Acknowledged,
    IReadOnlyDictionary<int, Exception> Refused,
    IReadOnlyDictionary<int, int> Ran,
    string[] Left
)
{
    const int MostShown = 10;

    /// <summary>The numbers that were acknowledged and never ran.</summary>
    public int[] Lost => [.. Acknowledged.Keys.Where(number => !Ran.ContainsKey(number)).Order()];

    /// <summary>The numbers that ran more than once.</summary>
    public int[] RanTwice => [.. Ran.Where(run => run.Value > 1).Select(run => run.Key).Order()];

    /// <summary>All of it in a few lines, for a failed test.</summary>
    public override string ToString() =>
        $"{Acknowledged.Count} acknowledged, {Refused.Count} refused, {Ran.Count} ran, {Lost.Length} lost, {RanTwice.Length} ran twice, "
        + $"left in [{string.Join(", ", Left)}]"
        + string.Concat(
            Lost.Take(MostShown)
                .Select(number => $"\nlost {number}, acknowledged at {Acknowledged[number]:HH:mm:ss.fff}")
        )
        + string.Concat(Refused.Take(MostShown).Select(send => $"\nrefused {send.Key}: {send.Value.Message}"));
}
