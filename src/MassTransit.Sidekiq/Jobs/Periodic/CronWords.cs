using System.Globalization;

namespace MassTransit.Sidekiq;

// A cron expression in words: "at 03:15 on weekdays". Expressions that run at different times never read the same, so that what has
// no short form is told at length.
internal static class CronWords
{
    // As many times of day as are listed one by one.
    const int MostTimes = 4;

    static readonly string[] ordinals = ["", "", "2nd", "3rd", "4th", "", "6th", "", "8th", "", "", "", "12th"];

    public static string Of(CronFields cron)
    {
        var days = Days(cron);
        var times = Times(cron) ?? Pace(cron);
        string[] parts = [times, days.Length == 0 && Times(cron) is not null ? "every day" : days, Months(cron)];

        return string.Join(' ', parts.Where(part => part.Length > 0));
    }

    // "at 03:15 and 15:15"; null where they are too many, or follow elapsed time.
    static string? Times(CronFields cron)
    {
        var (seconds, minutes, hours) = (Values(cron.Seconds), Values(cron.Minutes), Values(cron.Hours));
        if (cron.HasEveryHour || seconds.Length * minutes.Length * hours.Length > MostTimes)
        {
            return null;
        }

        var format = seconds is [0] ? @"hh\:mm" : @"hh\:mm\:ss";
        return "at "
            + Joined(
                from hour in hours
                from minute in minutes
                from second in seconds
                select new TimeSpan(hour, minute, second).ToString(format, CultureInfo.InvariantCulture)
            );
    }

    static string Pace(CronFields cron)
    {
        var (minute, hours) = (Minute(cron), Values(cron.Hours));
        var isOnTheHour = minute == "at minute 0";
        var step = Step(hours, 24);
        if (cron.HasEveryHour)
        {
            return step switch
            {
                1 when isOnTheHour => "every hour",
                1 => minute.StartsWith("at minute", StringComparison.Ordinal) ? $"{minute} of every hour" : minute,
                > 1 and <= 12 when isOnTheHour => $"every {step} hours",
                > 1 and <= 12 => $"{minute} in every {ordinals[step]} hour",
                _ => $"{minute} of {Counted("hour", hours)} in elapsed time",
            };
        }

        var (first, last) = (hours[0], hours[^1]);
        return last - first + 1 != hours.Length ? $"{minute} of {Counted("hour", hours)}"
            : isOnTheHour ? $"every hour from {first:00}:00 to {last:00}:00"
            : $"{minute} from {first:00}:00 to {last:00}:59";
    }

    // Which minutes of an hour, and which seconds of those.
    static string Minute(CronFields cron)
    {
        var (seconds, minutes) = (Values(cron.Seconds), Values(cron.Minutes));
        var (step, ofSeconds) = (Step(minutes, 60), Step(seconds, 60));
        var second = ofSeconds switch
        {
            1 => "every second",
            > 1 and < 60 => $"every {ofSeconds} seconds",
            _ => $"at {Counted("second", seconds)}",
        };

        return (seconds is [0], step) switch
        {
            (true, 1) => "every minute",
            (true, > 1 and < 60) => $"every {step} minutes",
            (true, _) => $"at {Counted("minute", minutes)}",
            (false, 1) => ofSeconds is > 0 and < 60 ? second : $"{second} of every minute",
            (false, > 1 and < 60) => $"{second} of every {step} minutes",
            _ => $"{second} of {Counted("minute", minutes)}",
        };
    }

    static string Days(CronFields cron)
    {
        var (days, week) = (Values(cron.Days), Values(cron.Weekdays));
        var (ofMonth, ofWeek) = ($"{Counted("day", days)} of the month", Weekdays(week));
        if (cron.IsEitherDay)
        {
            return $"on {ofMonth} or on {ofWeek}";
        }

        return (days.Length == 31, week.Length == 7) switch
        {
            (true, true) => "",
            (false, true) => $"on {ofMonth}",
            (true, false) => $"on {ofWeek}",
            _ => $"on {ofWeek} that are {ofMonth}",
        };
    }

    static string Weekdays(int[] days) =>
        days switch
        {
            [1, 2, 3, 4, 5] => "weekdays",
            [0, 6] => "weekends",
            { Length: 7 } => "every day of the week",
            _ => Joined(
                days.Select(day => CultureInfo.InvariantCulture.DateTimeFormat.GetDayName((DayOfWeek)day) + "s")
            ),
        };

    static string Months(CronFields cron)
    {
        var months = Values(cron.Months);
        return months.Length == 12
            ? ""
            : "in " + Ranges(months, CultureInfo.InvariantCulture.DateTimeFormat.GetMonthName);
    }

    // "minute 5", "hours 0, 6 and 9 to 17".
    static string Counted(string what, int[] values) =>
        $"{what}{(values.Length == 1 ? "" : "s")} {Ranges(values, value => value.ToString(CultureInfo.InvariantCulture))}";

    static string Ranges(int[] values, Func<int, string> name)
    {
        var ranges = new List<string>();
        for (var (i, end) = (0, 0); i < values.Length; i = end + 1)
        {
            for (end = i; end + 1 < values.Length && values[end + 1] == values[end] + 1; end++)
            {
                // As far as they follow one another.
            }

            ranges.AddRange(
                (end - i) switch
                {
                    0 => [name(values[i])],
                    1 => [name(values[i]), name(values[end])],
                    _ => [$"{name(values[i])} to {name(values[end])}"],
                }
            );
        }

        return Joined(ranges);
    }

    static string Joined(IEnumerable<string> items)
    {
        string[] all = [.. items];
        return all.Length == 1 ? all[0] : $"{string.Join(", ", all[..^1])} and {all[^1]}";
    }

    // By how much they grow from 0 to the end, which it divides; 0 if they do not.
    static int Step(int[] values, int end)
    {
        var step =
            values is [0] ? end
            : values.Length < 2 ? 0
            : values[1];
        return
            step > 0 && end % step == 0 && values.SequenceEqual(Enumerable.Range(0, end / step).Select(i => i * step))
            ? step
            : 0;
    }

    static int[] Values(ulong set) => [.. Enumerable.Range(0, 64).Where(value => (set >> value & 1) == 1)];
}
