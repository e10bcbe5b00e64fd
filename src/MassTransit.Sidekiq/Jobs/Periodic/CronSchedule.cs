namespace MassTransit.Sidekiq;

/// <summary>
/// When a periodic job runs: a cron expression in a time zone. What happens when its clocks change:
/// 1. An expression that names hours follows the time of day and runs at each of its times once a day. A time that is
///   skipped runs when the clocks go forward; of a time that occurs twice, the first counts.
/// 2. An expression for every hour (`*`, `*/2`) follows elapsed time: what the clocks show twice runs twice, what they
///   skip does not run.
/// </summary>
internal sealed class CronSchedule
{
    // Longer than any clock change in history: a country that crossed the date line skipped a day.
    static readonly TimeSpan longestChange = TimeSpan.FromHours(25);
    static readonly TimeSpan second = TimeSpan.FromSeconds(1);

    // Room for the twelve years of a search, and for the offsets of time zones.
    static readonly DateTimeOffset earliest = DateTimeOffset.MinValue.AddYears(1);
    static readonly DateTimeOffset latest = DateTimeOffset.MaxValue.AddYears(-20);

    readonly CronFields fields;
    readonly TimeZoneInfo zone;

    CronSchedule(CronFields fields, TimeZoneInfo zone) => (this.fields, this.zone) = (fields, zone);

    // Throws FormatException: not a cron expression, or not a time zone.
    public static CronSchedule Parse(string cron, string timeZone)
    {
        try
        {
            return new CronSchedule(CronFields.Parse(cron), TimeZoneInfo.FindSystemTimeZoneById(timeZone));
        }
        catch (Exception fault) when (fault is not FormatException)
        {
            // Not found, not a zone, or a folder of zones such as "Europe", which is an IOException.
            throw new FormatException(
                $"Time zone '{timeZone}' is not known here. Name it as IANA does, such as 'Europe/Berlin' or 'Etc/UTC', and see that the machine has its time zones (tzdata).",
                fault
            );
        }
    }

    // The expression in words, without its zone.
    public string Words => CronWords.Of(fields);

    // What the clocks of the zone show at an instant.
    public DateTimeOffset Shown(DateTimeOffset at) => TimeZoneInfo.ConvertTime(at, zone);

    // How the clocks came to show it: a time that they skip or repeat is marked for people.
    public ShownTime Kind(DateTimeOffset run)
    {
        var shown = Shown(run);
        return !fields.Has(shown.DateTime) ? ShownTime.Skipped
            : !zone.IsAmbiguousTime(shown.DateTime) ? ShownTime.Once
            : shown.Offset == zone.GetAmbiguousTimeOffsets(shown.DateTime).Max() ? ShownTime.First
            : ShownTime.Second;
    }

    // The first run after an instant; null when there is none.
    public DateTimeOffset? Next(DateTimeOffset after) =>
        after < earliest || after > latest
            ? null
            : (fields.HasEveryHour ? NextElapsed(after) : NextTimeOfDay(after))?.ToUniversalTime();

    // The last run between two instants, both included. The search window grows step by step, since the last run is usually
    // near and there may have been millions.
    public DateTimeOffset? Last(DateTimeOffset from, DateTimeOffset to)
    {
        for (var span = TimeSpan.FromMinutes(1); ; span *= 60)
        {
            var start = to - from > span ? to - span : from;
            DateTimeOffset? last = null;
            for (var run = Next(start - second); run <= to; run = Next(run.Value))
            {
                last = run;
            }

            if (last is not null || start == from)
            {
                return last;
            }
        }
    }

    DateTimeOffset? NextTimeOfDay(DateTimeOffset after)
    {
        var from = Local(after) - longestChange;
        while (fields.Next(from) is { } shown)
        {
            var run = FirstShown(shown);
            if (run > after)
            {
                return run;
            }

            from = shown + second;
        }

        return null;
    }

    DateTimeOffset? NextElapsed(DateTimeOffset after)
    {
        var at = after - TimeSpan.FromTicks(after.Ticks % TimeSpan.TicksPerSecond) + second;
        while (true)
        {
            var offset = zone.GetUtcOffset(at);
            if (fields.Next(at.UtcDateTime + offset) is not { } shown)
            {
                return null;
            }

            var run = new DateTimeOffset(DateTime.SpecifyKind(shown, DateTimeKind.Unspecified), offset);
            if (zone.GetUtcOffset(run) == offset)
            {
                return run;
            }

            at = Change(at, run, offset);
        }
    }

    // The instant at which the clocks first show a time, or skip past it.
    DateTimeOffset FirstShown(DateTime shown)
    {
        if (zone.IsInvalidTime(shown))
        {
            shown = new DateTime(shown.Year, shown.Month, shown.Day, shown.Hour, shown.Minute, 0);
            while (zone.IsInvalidTime(shown))
            {
                shown = shown.AddMinutes(1);
            }
        }

        var offset = zone.IsAmbiguousTime(shown) ? zone.GetAmbiguousTimeOffsets(shown).Max() : zone.GetUtcOffset(shown);
        return new DateTimeOffset(shown, offset);
    }

    // The first second that has another offset.
    DateTimeOffset Change(DateTimeOffset before, DateTimeOffset after, TimeSpan offset)
    {
        while (after - before > second)
        {
            var middle = before + TimeSpan.FromSeconds(Math.Floor((after - before).TotalSeconds / 2));
            (before, after) = zone.GetUtcOffset(middle) == offset ? (middle, after) : (before, middle);
        }

        return after;
    }

    DateTime Local(DateTimeOffset instant)
    {
        var local = TimeZoneInfo.ConvertTime(instant, zone).DateTime;
        return local - TimeSpan.FromTicks(local.Ticks % TimeSpan.TicksPerSecond);
    }
}
