using System.Globalization;

namespace MassTransit.Sidekiq;

// Values as people read them.
internal static class Words
{
    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    // "1 job", "2,000 jobs".
    public static string Count(long number, string one, string? many = null) =>
        $"{Number(number)} {(number == 1 ? one : many ?? one + "s")}";

    public static string Time(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "";

    // The two largest units of it: "2 h 5 min".
    public static string Span(TimeSpan span) =>
        span.Duration() switch
        {
            { TotalSeconds: < 1 } short_ => Of($"{short_.TotalMilliseconds:0} ms"),
            { TotalSeconds: < 10 } few => Of($"{few.TotalSeconds:0.0} s"),
            { TotalMinutes: < 1 } seconds => Of($"{seconds.TotalSeconds:0} s"),
            { TotalHours: < 1 } minutes => Of($"{minutes.Minutes} min {minutes.Seconds} s"),
            { TotalDays: < 1 } hours => Of($"{hours.Hours} h {hours.Minutes} min"),
            var days => Of($"{days.Days} d {days.Hours} h"),
        };

    public static string Bytes(long bytes) =>
        bytes switch
        {
            < 1 << 20 => Of($"{bytes / 1024.0:0} KB"),
            < 1 << 30 => Of($"{bytes / (double)(1 << 20):0.0} MB"),
            _ => Of($"{bytes / (double)(1 << 30):0.0} GB"),
        };

    // The first names of a long list, and how many there are besides.
    public static string List(IReadOnlyCollection<string> names, int most = 5) =>
        string.Join(", ", names.Take(most)) + (names.Count > most ? Of($" and {names.Count - most} more") : "");

    public static string YesNo(bool value) => value ? "yes" : "no";

    // A job may come from anybody: no byte of it steers the terminal. Line breaks are kept.
    public static string Printable(string text) =>
        text.Any(IsControl) ? string.Concat(text.Select(letter => IsControl(letter) ? '\ufffd' : letter)) : text;

    static bool IsControl(char letter) => char.IsControl(letter) && letter != '\n';

    static string Of(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
