using System.Globalization;
using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// The counts of one job class. `Buckets` are the histogram's non-empty ones: number and count.
internal sealed record ClassCounts(
    string Class,
    long Processed,
    long Failed,
    long Milliseconds,
    IReadOnlyList<(int Bucket, long Count)> Buckets
);

// What a process has run since its last flush. `Processed` includes failures. The number identifies the flush.
internal sealed record JobCounts(long Number, long Processed, long Failed, IReadOnlyList<ClassCounts> Classes);

// Sidekiq's counters, and the job metrics of its pages from 7 on. 7 and 8 name their keys differently, and both are written.
internal sealed class StatStore(RedisConnection redis, RedisKeys keys)
{
    readonly RedisLink link = redis.Working;

    // False when these counts had already arrived. As in Ruby, they belong to the minute of the flush.
    public async Task<bool> Add(JobCounts counts, DateTimeOffset now)
    {
        var day = now.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

        List<RedisKey> touched =
        [
            keys.Process,
            keys.Stat("processed"),
            keys.Stat("failed"),
            keys.StatOfDay("processed", day),
            keys.StatOfDay("failed", day),
            keys.JobMetrics(MetricTimes.Minute7(now)),
            keys.JobMetrics(MetricTimes.Minute8(now)),
            keys.JobMetrics(MetricTimes.TenMinutes(now)),
        ];
        List<RedisValue> arguments = [counts.Number, counts.Processed, counts.Failed];
        foreach (var job in counts.Classes)
        {
            touched.Add(keys.Histogram7(job.Class, MetricTimes.Histogram7(now)));
            touched.Add(keys.Histogram8(job.Class, MetricTimes.Histogram8(now)));
            arguments.AddRange([job.Class, job.Processed, job.Failed, job.Milliseconds, job.Buckets.Count]);
            arguments.AddRange(job.Buckets.SelectMany(bucket => new RedisValue[] { bucket.Bucket, bucket.Count }));
        }

        var added = await link.Run(Script.Count, [.. touched], [.. arguments]).ConfigureAwait(false);
        return (int)added == 1;
    }
}
