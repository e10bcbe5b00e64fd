using System.Globalization;
using System.Runtime.InteropServices;
using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// The counts of one job class in one minute, or in ten.
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ClassPeriod(long Processed, long Failed, long Milliseconds);

// Reads the job metrics that Sidekiq from 7 on writes, as we do. 7 and 8 name their keys differently; .NET counts under both
// names and Ruby under its own, so the larger of the two is what ran. (If 7 and 8 share one Redis, the smaller is missed.)
internal sealed class MetricsStore(RedisConnection redis, RedisKeys keys)
{
    // Sidekiq's histogram: the last bucket has no bound.
    public const int Buckets = 26;

    readonly RedisLink link = redis.Working;

    // Of all classes, for each period that begins at one of these times. One round trip.
    public async Task<IReadOnlyList<IReadOnlyDictionary<string, ClassPeriod>>> Read(
        IReadOnlyList<DateTimeOffset> times,
        bool isByMinute
    )
    {
        var hashes = await Call(db => All(times, time => Names(time, isByMinute), key => db.HashGetAllAsync(key)))
            .ConfigureAwait(false);

        return [.. hashes.Select(Merged)];
    }

    // Of one class.
    public async Task<IReadOnlyList<ClassPeriod>> Read(
        string jobClass,
        IReadOnlyList<DateTimeOffset> times,
        bool isByMinute
    )
    {
        RedisValue[] fields = [jobClass + "|p", jobClass + "|f", jobClass + "|ms"];
        var values = await Call(db => All(times, time => Names(time, isByMinute), key => db.HashGetAsync(key, fields)))
            .ConfigureAwait(false);

        return
        [
            .. values.Select(names =>
                names
                    .Select(value => new ClassPeriod(Number(value[0]), Number(value[1]), Number(value[2])))
                    .MaxBy(period => period.Processed)
            ),
        ];
    }

    // The histogram of one class over these minutes, summed.
    public async Task<long[]> Histogram(string jobClass, IReadOnlyList<DateTimeOffset> minutes)
    {
        var read = await Call(db =>
                All(
                    minutes,
                    time =>
                        [
                            keys.Histogram7(jobClass, MetricTimes.Histogram7(time)),
                            keys.Histogram8(jobClass, MetricTimes.Histogram8(time)),
                        ],
                    key => db.StringGetAsync(key)
                )
            )
            .ConfigureAwait(false);

        var sum = new long[Buckets];
        foreach (var minute in read)
        {
            var counts = minute.Select(Counts).MaxBy(histogram => histogram.Sum())!;
            for (var bucket = 0; bucket < Buckets; bucket++)
            {
                sum[bucket] += counts[bucket];
            }
        }

        return sum;
    }

    // The deploys of each day from one to another, as they are stored: the minute in ISO 8601, and the label.
    public async Task<IReadOnlyList<(string Minute, string Label)>> Marks(DateTimeOffset from, DateTimeOffset to)
    {
        var days = Enumerable.Range(0, (to.UtcDateTime.Date - from.UtcDateTime.Date).Days + 1);
        var marks = await Call(db =>
                Task.WhenAll(
                    days.Select(day =>
                        Answers.OrNothing(db.HashGetAllAsync(keys.Marks(MetricTimes.Day(from.AddDays(day)))), [])
                    )
                )
            )
            .ConfigureAwait(false);

        return [.. marks.SelectMany(day => day.Select(mark => ((string)mark.Name!, (string)mark.Value!)))];
    }

    // False when the label was marked within the last minute, or another one in the same minute.
    public async Task<bool> Mark(string label, DateTimeOffset at)
    {
        var minute = MetricTimes.Mark(at);
        var marked = await link.Run(
                Script.MarkDeploy,
                [keys.DeployLock(label), keys.Marks(MetricTimes.Day(at))],
                [minute, label]
            )
            .ConfigureAwait(false);
        return (int)marked == 1;
    }

    RedisKey[] Names(DateTimeOffset time, bool isByMinute) =>
        isByMinute
            ? [keys.JobMetrics(MetricTimes.Minute7(time)), keys.JobMetrics(MetricTimes.Minute8(time))]
            : [keys.JobMetrics(MetricTimes.TenMinutes(time))];

    static async Task<T[][]> All<T>(
        IReadOnlyList<DateTimeOffset> times,
        Func<DateTimeOffset, RedisKey[]> names,
        Func<RedisKey, Task<T>> read
    )
    {
        var asked = times.Select(time => Task.WhenAll(names(time).Select(read))).ToArray();
        return await Task.WhenAll(asked).ConfigureAwait(false);
    }

    static Dictionary<string, ClassPeriod> Merged(HashEntry[][] names)
    {
        var merged = new Dictionary<string, ClassPeriod>(StringComparer.Ordinal);
        foreach (var period in names.SelectMany(Classes))
        {
            if (merged.GetValueOrDefault(period.Key).Processed <= period.Value.Processed)
            {
                merged[period.Key] = period.Value;
            }
        }

        return merged;
    }

    static Dictionary<string, ClassPeriod> Classes(HashEntry[] fields)
    {
        var classes = new Dictionary<string, ClassPeriod>(StringComparer.Ordinal);
        foreach (var (name, value) in fields.Select(field => ((string)field.Name!, Number(field.Value))))
        {
            var bar = name.LastIndexOf('|');
            var (jobClass, figure) = bar < 0 ? (name, "") : (name[..bar], name[(bar + 1)..]);
            var period = classes.GetValueOrDefault(jobClass);
            classes[jobClass] = figure switch
            {
                "p" => period with { Processed = value },
                "f" => period with { Failed = value },
                "ms" => period with { Milliseconds = value },
                _ => period,
            };
        }

        return classes;
    }

    // A bitfield of unsigned 16-bit numbers, the highest byte first; counters after the last one written are absent and count as 0.
    static int[] Counts(RedisValue bitfield)
    {
        var (bytes, counts) = ((byte[]?)bitfield ?? [], new int[Buckets]);
        for (var at = 0; at < Math.Min(bytes.Length, 2 * Buckets); at++)
        {
            counts[at / 2] |= bytes[at] << (at % 2 == 0 ? 8 : 0);
        }

        return counts;
    }

    static long Number(RedisValue value) => value.TryParse(out long number) ? number : 0;

    async Task<T> Call<T>(Func<IDatabase, Task<T>> question) =>
        await link.Call("inspect", keys.Queues, question).ConfigureAwait(false);
}

// How 7 and 8 write the minute of a metric into its key.
internal static class MetricTimes
{
    public static string Minute7(DateTimeOffset time) => Text(time, "yyyyMMdd|H:") + Number(time.Minute);

    public static string Minute8(DateTimeOffset time) => Text(time, "yyMMdd|H:mm");

    // The last digit of the minute is cut off.
    public static string TenMinutes(DateTimeOffset time) => Minute8(time)[..^1];

    public static string Histogram7(DateTimeOffset time) => Text(time, "dd-HH:") + Number(time.Minute);

    public static string Histogram8(DateTimeOffset time) =>
        $"{Number(time.Day)}-{Number(time.Hour)}:{Number(time.Minute)}";

    public static string Day(DateTimeOffset time) => Text(time, "yyyyMMdd");

    public static string Mark(DateTimeOffset time) => Text(time, "yyyy-MM-dd'T'HH:mm:00'Z'");

    static string Text(DateTimeOffset time, string format) =>
        time.UtcDateTime.ToString(format, CultureInfo.InvariantCulture);

    static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
