using System.Collections.Concurrent;

namespace MassTransit.Sidekiq;

// Counts the jobs of this process between two beats: a few additions per job, without allocations once a class is known.
// A flush that failed keeps its number and is sent again, so it is idempotent: a lost reply counts nothing twice.
internal sealed class JobTally(StatStore store)
{
    // The bounds of Sidekiq's histogram in ms; the last bucket is unbounded.
    static readonly int[] bounds =
    [
        20,
        30,
        45,
        65,
        100,
        150,
        225,
        335,
        500,
        750,
        1100,
        1700,
        2500,
        3800,
        5750,
        8500,
        13_000,
        20_000,
        30_000,
        45_000,
        65_000,
        100_000,
        150_000,
        225_000,
        335_000,
    ];

    readonly ConcurrentDictionary<string, Counts> classes = new(StringComparer.Ordinal);
    readonly Counts all = new();
    JobCounts? unsent;
    long lastNumber;

    // A job of an unknown class is counted, but has no metrics, as in Ruby.
    public void Ran(string? knownClass, TimeSpan elapsed, bool hasFailed)
    {
        if (knownClass is not null)
        {
            classes.GetOrAdd(knownClass, static _ => new Counts()).Add(elapsed, hasFailed);
        }

        // Last, since a flush takes nothing until this counter is above zero.
        all.Add(elapsed, hasFailed);
    }

    // One at a time.
    public async Task Flush(DateTimeOffset now)
    {
        unsent ??= Take();
        if (unsent is not null)
        {
            await store.Add(unsent, now).ConfigureAwait(false);
            unsent = null;
        }
    }

    JobCounts? Take()
    {
        var (processed, failed, _) = all.Take([]);
        if (processed == 0)
        {
            return null;
        }

        var taken = new List<ClassCounts>();
        foreach (var (name, counts) in classes)
        {
            var buckets = new List<(int, long)>();
            var (ran, broke, milliseconds) = counts.Take(buckets);
            if (ran > 0)
            {
                taken.Add(new ClassCounts(name, ran, broke, milliseconds, buckets));
            }
        }

        return new JobCounts(++lastNumber, processed, failed, taken);
    }

    sealed class Counts
    {
        readonly long[] buckets = new long[bounds.Length + 1];
        long processed;
        long failed;
        long ticks;

        // Only successful jobs have a duration in the metrics.
        public void Add(TimeSpan elapsed, bool hasFailed)
        {
            if (hasFailed)
            {
                Interlocked.Increment(ref failed);
            }
            else
            {
                Interlocked.Add(ref ticks, elapsed.Ticks);
                Interlocked.Increment(ref buckets[Bucket((long)elapsed.TotalMilliseconds)]);
            }

            // Last, so that a concurrent flush may split a job between itself and the next one, but never misses it.
            Interlocked.Increment(ref processed);
        }

        public (long Processed, long Failed, long Milliseconds) Take(List<(int, long)> filled)
        {
            var taken = Interlocked.Exchange(ref processed, 0);
            if (taken == 0)
            {
                return default;
            }

            for (var bucket = 0; bucket < buckets.Length; bucket++)
            {
                if (Interlocked.Exchange(ref buckets[bucket], 0) is var count and > 0)
                {
                    filled.Add((bucket, count));
                }
            }

            // Sidekiq counts whole milliseconds; the remainder is kept for the next flush, since a fast job takes less than one.
            var time = Interlocked.Exchange(ref ticks, 0);
            Interlocked.Add(ref ticks, time % TimeSpan.TicksPerMillisecond);
            return (taken, Interlocked.Exchange(ref failed, 0), time / TimeSpan.TicksPerMillisecond);
        }

        static int Bucket(long time)
        {
            var bucket = 0;
            while (bucket < bounds.Length && time >= bounds[bucket])
            {
                bucket++;
            }

            return bucket;
        }
    }
}
