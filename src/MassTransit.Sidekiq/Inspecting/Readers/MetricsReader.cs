using System.Globalization;

namespace MassTransit.Sidekiq;

// Sidekiq's job metrics over the last minutes or hours: by the minute as long as minutes are kept, by ten minutes beyond.
internal sealed class MetricsReader(MetricsStore store, TimeProvider clock)
{
    static readonly TimeSpan minutesKept = TimeSpan.FromHours(8);
    static readonly TimeSpan marksKept = TimeSpan.FromDays(90);
    static readonly TimeSpan longest = TimeSpan.FromHours(72);

    public async Task<IReadOnlyList<SidekiqClassMetrics>> Classes(TimeSpan last)
    {
        var (times, _, isByMinute) = Times(last);
        var periods = await store.Read(times, isByMinute).ConfigureAwait(false);

        return
        [
            .. periods
                .SelectMany(period => period)
                .GroupBy(figures => figures.Key, figures => figures.Value, StringComparer.Ordinal)
                .Select(figures => new SidekiqClassMetrics(
                    figures.Key,
                    figures.Sum(period => period.Processed),
                    figures.Sum(period => period.Failed),
                    TimeSpan.FromMilliseconds(figures.Sum(period => period.Milliseconds))
                ))
                .OrderByDescending(metrics => metrics.Runtime)
                .ThenBy(metrics => metrics.Class, StringComparer.Ordinal),
        ];
    }

    public async Task<SidekiqJobMetrics> Class(string jobClass, TimeSpan last)
    {
        ArgumentException.ThrowIfNullOrEmpty(jobClass);
        var (times, period, isByMinute) = Times(last);
        var points = store.Read(jobClass, times, isByMinute);
        var histogram = isByMinute ? store.Histogram(jobClass, times) : Task.FromResult(Array.Empty<long>());
        await Task.WhenAll(points, histogram).ConfigureAwait(false);

        return new SidekiqJobMetrics(
            jobClass,
            period,
            [
                .. times.Zip(
                    points.Result,
                    (at, point) =>
                        new SidekiqMetricsPoint(
                            at,
                            point.Processed,
                            point.Failed,
                            TimeSpan.FromMilliseconds(point.Milliseconds)
                        )
                ),
            ],
            histogram.Result
        );
    }

    // A mark whose time cannot be read is left out.
    public async Task<IReadOnlyList<SidekiqDeploy>> Deploys(TimeSpan last)
    {
        if (last <= TimeSpan.Zero || last > marksKept)
        {
            throw new ArgumentOutOfRangeException(
                nameof(last),
                last,
                $"{last} is not between zero and {marksKept.TotalDays:0} days, which is as long as Sidekiq keeps deploys."
            );
        }

        var now = clock.GetUtcNow();
        var marks = await store.Marks(now - last, now).ConfigureAwait(false);
        return
        [
            .. marks
                .Select(mark => (At: Time(mark.Minute), mark.Label))
                .Where(mark => mark.At > now - last && mark.At <= now)
                .Select(mark => new SidekiqDeploy(mark.At!.Value, mark.Label))
                .OrderBy(deploy => deploy.At),
        ];

        static DateTimeOffset? Time(string minute) =>
            DateTimeOffset.TryParse(
                minute,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out var at
            )
                ? at
                : null;
    }

    (IReadOnlyList<DateTimeOffset> Times, TimeSpan Period, bool IsByMinute) Times(TimeSpan last)
    {
        if (last < TimeSpan.FromMinutes(1) || last > longest)
        {
            throw new ArgumentOutOfRangeException(
                nameof(last),
                last,
                $"{last} is not between a minute and {longest.TotalHours:0} hours, which is as long as Sidekiq keeps metrics."
            );
        }

        var isByMinute = last <= minutesKept;
        var period = TimeSpan.FromMinutes(isByMinute ? 1 : 10);
        var now = clock.GetUtcNow().UtcTicks;
        var newest = new DateTimeOffset(now - (now % period.Ticks), TimeSpan.Zero);
        var count = (int)Math.Ceiling(last / period);

        return (
            [.. Enumerable.Range(0, count).Select(ago => newest - ((count - 1 - ago) * period))],
            period,
            isByMinute
        );
    }
}
