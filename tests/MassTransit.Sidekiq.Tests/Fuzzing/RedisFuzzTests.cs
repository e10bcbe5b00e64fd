using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests.Fuzzing;

/// <summary>
/// Odd entries among good ones in every key that we read, on a real Redis: each good one runs, nothing stays in hand, and the
/// inspector shows and changes whatever is there.
/// </summary>
public sealed class RedisFuzzTests(ITestOutputHelper output)
{
    const int Odd = 150;
    const int Good = 20;
    const string Topic = "mt:topic:MassTransit.Sidekiq.Tests:Parcel";

    [Fact]
    public async Task Good_neighbours_run_and_nothing_stays_in_hand()
    {
        foreach (var seed in FuzzRun.Seeds())
        {
            output.WriteLine($"SIDEKIQ_FUZZ_SEED={seed}");
            await Run(new Mutator(seed));
        }
    }

    async Task Run(Mutator mutator)
    {
        await using var redis = await RedisServer.Lease();
        await Fill(redis.Db, mutator);
        var seen = new ConcurrentDictionary<int, int>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "parcels",
                    e =>
                    {
                        e.UseSidekiqRetry(retry => retry.RetryIn((_, _) => TimeSpan.FromDays(1)));
                        e.Handler<Parcel>(context =>
                        {
                            Assert.NotNull(context.GetJob().Tags);
                            seen.AddOrUpdate(context.Message.Id, 1, (_, times) => times + 1);
                            return Task.CompletedTask;
                        });
                    }
                )
        );

        await bus.Harness.Bus.Publish(new Parcel(1000 + (3 * Good)), TestContext.Current.CancellationToken);
        await Eventually.Until(
            () => Enumerable.Range(1000, (3 * Good) + 2).All(seen.ContainsKey),
            () => Task.FromResult($"Seen: {string.Join(' ', seen.Keys.Order())}")
        );
        await redis.Until(async state =>
            await state.Db.ListLengthAsync("queue:parcels") == 0
            && (await Due(state, "retry"), await Due(state, "schedule")) == (0, 0)
            && !(await state.Keys()).Any(key => key.StartsWith("mt:working:", StringComparison.Ordinal))
        );

        await Inspect(bus.Services.GetRequiredService<ISidekiqInspector>());
        await Signal(redis, mutator);
        Assert.DoesNotContain(bus.Log, line => line.Contains("could not be settled", StringComparison.Ordinal));
        Assert.DoesNotContain(bus.Log, line => line.Contains("is retried until it works", StringComparison.Ordinal));
    }

    static async Task Fill(IDatabase db, Mutator mutator)
    {
        for (var number = 0; number < Odd; number++)
        {
            var good = 1000 + (number / (Odd / Good));
            var isGood = number % (Odd / Good) == 0 && good < 1000 + Good;
            await db.ListLeftPushAsync("queue:parcels", isGood ? Parcel(good) : OddJob());
            await db.SortedSetAddAsync("retry", isGood ? Parcel(good + Good) : OddJob(), Score());
            await db.SortedSetAddAsync("schedule", isGood ? Parcel(good + (2 * Good)) : OddJob(), Score());
            await db.SortedSetAddAsync("dead", OddJob(), Score());
            await db.HashSetAsync("mt:periodic:jobs", Text(), OddOf(SeedTexts.Periodic));
            await db.HashSetAsync("mt:periodic:jobs", $"odd{number}", OddOf(SeedTexts.Periodic));
            await db.SortedSetAddAsync("mt:periodic", $"odd{number}", Score());
            await db.HashSetAsync("mt:periodic:last", $"odd{number}", Text());
            await db.HashSetAsync(Topic, [new HashEntry(Text(), Text())]);
            await db.SetAddAsync("processes", $"odd:{number}");
            await db.HashSetAsync($"odd:{number}", "info", OddOf(SeedTexts.Infos));
            await db.HashSetAsync(
                $"odd:{number}",
                [new("busy", Text()), new("beat", Text()), new("rss", Text()), new(Text(), Text())]
            );
            await db.HashSetAsync($"odd:{number}:work", Text(), OddOf(SeedTexts.Works));
            await db.SetAddAsync("queues", Text());
        }

        await db.HashSetAsync(Topic, "parcels", "");
        await db.HashSetAsync(
            "mt:periodic:jobs",
            "good",
            $$"""{"cron":"* * * * *","late":3600,"queue":"parcels","job":{{Encoding.UTF8.GetString(Parcel(1001 + (3 * Good)))}}}"""
        );
        await db.SortedSetAddAsync("mt:periodic", "good", SetEntry.ToScore(TimeProvider.System.GetUtcNow()) - 90);
        await db.StringSetAsync("stat:processed", "no number");
        await db.StringSetAsync("queue:text", "no list");
        await db.SetAddAsync("queues", "text");
        await db.StringSetAsync("text:process", "no hash");
        await db.SetAddAsync("processes", "text:process");

        byte[] OddJob() => OddOf(SeedTexts.Jobs);

        byte[] OddOf(byte[][] texts) => mutator.Mutate(texts[mutator.Random.Next(texts.Length)]);

        byte[] Text() => mutator.Odd()[mutator.Random.Next(2)..];

        double Score() =>
            mutator.Random.Next(8) switch
            {
                0 => double.NegativeInfinity,
                1 => -1e300,
                _ => mutator.Random.Next(1, 1000),
            };
    }

    static async Task Inspect(ISidekiqInspector inspector)
    {
        var end = TestContext.Current.CancellationToken;
        await inspector.Stats(end);
        await inspector.History(3, end);
        Assert.NotEmpty(await inspector.Queues(end));
        Assert.NotEmpty(await inspector.Processes(end));
        _ = (await inspector.Work(end)).Select(work => work.Job?.Tags).ToList();
        Assert.NotEmpty(await inspector.Periodic.List());
        foreach (var queue in await inspector.Queues(end))
        {
            if (queue.Name != "text")
            {
                await inspector.Jobs(queue.Name, end).CountAsync(end);
            }
        }

        foreach (var set in new[] { inspector.RetrySet, inspector.ScheduledSet, inspector.DeadSet })
        {
            var number = 0;
            foreach (var entry in await set.Entries(cancellationToken: end).ToListAsync(end))
            {
                _ = (entry.Text, entry.At, entry.Job?.Tags, entry.Job?.UnknownFields.Count(), entry.Job?.FailedAt);
                await Change(set, entry, number++, end);
            }
        }
    }

    static async Task Change(ISidekiqJobSet set, SidekiqEntry entry, int number, CancellationToken end)
    {
        try
        {
            _ = (number % 5) switch
            {
                0 => await set.Retry(entry, end),
                1 => await set.Reschedule(entry, DateTimeOffset.MaxValue, end),
                2 => await set.Kill(entry, end),
                3 => await set.Delete(entry, end),
                _ => entry.Job?.Jid is { Length: > 0 } jid && await set.Find(jid, end) is not null,
            };
        }
        catch (ArgumentException)
        {
            // Retry of text that is no job, as it says.
        }
    }

    // Odd words among the signals do nothing; the one behind them is obeyed.
    static async Task Signal(RedisDatabase redis, Mutator mutator)
    {
        var own = (await redis.Keys()).Single(key => key.StartsWith("mt:alive:", StringComparison.Ordinal))[
            "mt:alive:".Length..
        ];
        for (var number = 0; number < 20; number++)
        {
            await redis.Db.ListLeftPushAsync($"{own}-signals", mutator.Odd());
        }

        await redis.Db.ListLeftPushAsync($"{own}-signals", "TSTP");
        await redis.Until(async state => await state.Db.HashGetAsync(own, "quiet") == "true");
    }

    static async Task<long> Due(RedisDatabase redis, string set) =>
        await redis.Db.SortedSetLengthAsync(set, double.NegativeInfinity, 100_000);

    static byte[] Parcel(int id) =>
        Encoding.UTF8.GetBytes(
            $$"""{"retry":true,"queue":"parcels","class":"MassTransit::Sidekiq::Tests::Parcel","args":[{"id":{{id}}}],"jid":"{{id:x24}}"}"""
        );
}
