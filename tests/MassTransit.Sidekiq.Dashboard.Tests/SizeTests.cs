using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace MassTransit.Sidekiq.Dashboard.Tests;

public partial class SizeTests
{
    const int Batch = 5_000;
    const int Batches = 200;
    const int Queues = 500;

    static readonly string[] pages =
    [
        "",
        "queues",
        "queues/billing",
        "queues/billing?page=400",
        "retries",
        "retries?after=4000500000000-0",
        "retries?after=99999999999999999-0",
        "dead?after=-99999999999999999-0",
        "scheduled",
        "dead",
        "batches",
        "batches?page=100",
        "batches/1",
        "search?q=nowhere",
    ];

    [Fact]
    public async Task Page_reads_a_small_part_of_a_million_entries()
    {
        await using var server = await RedisServer.StartOwn();
        await using var redis = server.Open();
        for (var batch = 0; batch < Batches; batch++)
        {
            await Fill(redis, batch * Batch);
        }

        await using var site = await Site.Open(redis);
        foreach (var page in pages)
        {
            await site.Page("sidekiq/" + page);

            var (before, started) = (await Sent(redis), Stopwatch.GetTimestamp());
            await site.Page("sidekiq/" + page);
            var elapsed = Stopwatch.GetElapsedTime(started);
            var sent = await Sent(redis) - before;
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"/{page}: {sent / 1024} KB from Redis, {elapsed.TotalMilliseconds:0} ms"
            );

            // The jobs are 600 MB. A search looks at the next 2,000 jobs of a queue; all else is a page or the groups.
            Assert.InRange(sent, 0, page.StartsWith("search", StringComparison.Ordinal) ? 2_000_000 : 500_000);
        }
    }

    static Task Fill(RedisDatabase redis, int first) =>
        redis.Db.ScriptEvaluateAsync(
            """
            redis.call('SADD', 'queues', 'billing')
            for i = ARGV[1] + 1, ARGV[1] + ARGV[2] do
              local job = '{"class":"Pay","args":[{"order":' .. i .. '}],"queue":"billing","jid":"' .. i .. '","error_class":"Timeout","error_message":"no answer","retry_count":0}'
              redis.call('LPUSH', 'queue:billing', job)
              redis.call('ZADD', 'retry', 4000000000 + i, job)
              redis.call('ZADD', 'schedule', 4000000000 + i, job)
              if i <= 10000 then
                redis.call('ZADD', 'dead', i, job)
                redis.call('ZADD', 'mt:batches', i, i)
                redis.call('HSET', 'mt:batch:' .. i, 'created', i, 'total', 10000, 'pending', 10000)
                redis.call('HSET', 'mt:batch:1:open', i, '')
              end
              if i <= tonumber(ARGV[3]) then redis.call('SADD', 'queues', 'queue-' .. i) end
            end
            """,
            values: [first, Batch, Queues - 1]
        );

    static async Task<long> Sent(RedisDatabase redis) =>
        long.Parse(
            Output().Match((string)(await redis.Db.ExecuteAsync("INFO", "stats"))!).Groups[1].Value,
            CultureInfo.InvariantCulture
        );

    [GeneratedRegex(@"total_net_output_bytes:(\d+)")]
    private static partial Regex Output();
}
