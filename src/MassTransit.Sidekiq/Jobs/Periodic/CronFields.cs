using System.Globalization;

namespace MassTransit.Sidekiq;

// The five or six fields of a cron expression in crontab syntax: a bit for each value that matches.
// Names of months and weekdays, lists, ranges and steps; Sunday is 0 or 7; `?` is read as `*`.
internal sealed class CronFields
{
    static readonly string[] months = "JAN,FEB,MAR,APR,MAY,JUN,JUL,AUG,SEP,OCT,NOV,DEC".Split(',');
    static readonly string[] weekdays = "SUN,MON,TUE,WED,THU,FRI,SAT".Split(',');

    static readonly Dictionary<string, string> nicknames = new(StringComparer.OrdinalIgnoreCase)
    {
        ["@yearly"] = "0 0 1 1 *",
        ["@annually"] = "0 0 1 1 *",
        ["@monthly"] = "0 0 1 * *",
        ["@weekly"] = "0 0 * * 0",
        ["@daily"] = "0 0 * * *",
        ["@midnight"] = "0 0 * * *",
        ["@hourly"] = "0 * * * *",
    };

    CronFields(string[] fields)
    {
        Seconds = Parse(fields[0], "seconds", 0, 59);
        Minutes = Parse(fields[1], "minutes", 0, 59);
        Hours = Parse(fields[2], "hours", 0, 23);
        Days = Parse(fields[3], "day of the month", 1, 31);
        Months = Parse(fields[4], "month", 1, 12, months);
        var week = Parse(fields[5], "day of the week", 0, 7, weekdays);
        Weekdays = (week | (week >> 7)) & 0b111_1111;

        HasEveryHour = fields[2][0] is '*' or '?';

        // As in every crontab: if both day fields are restricted, either of them matches.
        IsEitherDay = fields[3][0] is not ('*' or '?') && fields[5][0] is not ('*' or '?');
    }

    public ulong Seconds { get; }

    public ulong Minutes { get; }

    public ulong Hours { get; }

    // Of the month, from 1 on.
    public ulong Days { get; }

    // From 1 on.
    public ulong Months { get; }

    // Sunday is 0.
    public ulong Weekdays { get; }

    // Whether a day matches by its number or by its weekday; else it needs both.
    public bool IsEitherDay { get; }

    // Whether the hour is `*` or a step of it: the expression follows elapsed time rather than the time of day.
    public bool HasEveryHour { get; }

    // Throws FormatException: not a cron expression; the message names the part and the reason.
    public static CronFields Parse(string cron)
    {
        var written = nicknames.GetValueOrDefault(cron.Trim(), cron);
        var fields = written.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);

        return fields.Length switch
        {
            5 => new CronFields(["0", .. fields]),
            6 => new CronFields(fields),
            _ => throw new FormatException(
                $"'{cron}' has {fields.Length} fields. A cron expression has five (minute, hour, day, month, weekday), or six with seconds before them."
            ),
        };
    }

    // The first matching time, `from` included; null when there is none within twelve years, as for the 30th of February.
    public DateTime? Next(DateTime from)
    {
        var (day, time) = (from.Date, from.TimeOfDay);
        for (var end = day.AddYears(12); day < end; day = day.AddDays(1), time = TimeSpan.Zero)
        {
            if (!Has(Months, day.Month))
            {
                day = day.AddDays(DateTime.DaysInMonth(day.Year, day.Month) - day.Day);
            }
            else if (IsDay(day) && NextTime(time) is { } next)
            {
                return day + next;
            }
        }

        return null;
    }

    // Whether the clocks show a time of the expression.
    public bool Has(DateTime shown) =>
        Has(Months, shown.Month) && IsDay(shown) && NextTime(shown.TimeOfDay) == shown.TimeOfDay;

    bool IsDay(DateTime day)
    {
        var (isDay, isWeekday) = (Has(Days, day.Day), Has(Weekdays, (int)day.DayOfWeek));
        return IsEitherDay ? isDay || isWeekday : isDay && isWeekday;
    }

    TimeSpan? NextTime(TimeSpan from)
    {
        for (var hour = from.Hours; hour < 24; hour++, from = TimeSpan.FromHours(hour))
        {
            if (!Has(Hours, hour))
            {
                continue;
            }

            for (var minute = from.Minutes; minute < 60; minute++, from = new TimeSpan(hour, minute, 0))
            {
                for (var second = from.Seconds; Has(Minutes, minute) && second < 60; second++)
                {
                    if (Has(Seconds, second))
                    {
                        return new TimeSpan(hour, minute, second);
                    }
                }
            }
        }

        return null;
    }

    static bool Has(ulong set, int value) => (set >> value & 1) == 1;

    static ulong Parse(string field, string what, int least, int most, string[]? names = null)
    {
        var set = 0UL;
        foreach (var part in field.Split(','))
        {
            var (range, step) = part.IndexOf('/', StringComparison.Ordinal) is >= 0 and var slash
                ? (part[..slash], Number(part[(slash + 1)..], null))
                : (part, 1);
            var dash = range.IndexOf('-', StringComparison.Ordinal);
            var (first, last) = range switch
            {
                "*" or "?" => (least, most),
                _ when dash > 0 => (Number(range[..dash], names), Number(range[(dash + 1)..], names)),
                _ when part.Length > range.Length => (Number(range, names), most),
                _ => (Number(range, names), Number(range, names)),
            };

            if (first < least || last > most || first > last || step < 1)
            {
                throw Fault(part);
            }

            // A step may be as large as an int.
            for (long value = first; value <= last; value += step)
            {
                set |= 1UL << (int)value;
            }
        }

        return set;

        int Number(string text, string[]? names)
        {
            var name = Array.FindIndex(names ?? [], name => name.Equals(text, StringComparison.OrdinalIgnoreCase));
            if (name >= 0)
            {
                return name + (least == 0 ? 0 : 1);
            }

            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number
                : throw Fault(text);
        }

        FormatException Fault(string part) =>
            new(
                $"'{part}' in field '{field}' ({what}) is not understood. Write numbers from {least} to {most}"
                    + (names is null ? "" : $" or names such as {names[1]}")
                    + ", '*', ranges (1-5), lists (1,3) or steps (*/10)."
            );
    }
}
