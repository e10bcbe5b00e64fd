using System.Globalization;

namespace MassTransit.Sidekiq.TestSupport;

/// <summary>
/// The time of tests. Real servers have the real clock and expire keys by it, so a test beside them knows no date: it counts from
/// here. SIDEKIQ_TEST_NOW=2028-02-29T12:00:00Z moves <see cref="Start"/>, to show that the tests pass on any day.
/// </summary>
public static class TestClock
{
    static readonly DateTimeOffset servers = TimeProvider.System.GetUtcNow();

    /// <summary>
    /// Where a <see cref="FakeClock"/> starts: tomorrow at noon, UTC. A server would expire at once what is kept until a time that
    /// is past, so this is ahead of its clock; and at noon no test meets the end of its day.
    /// </summary>
    public static DateTimeOffset Start { get; } = Read(Environment.GetEnvironmentVariable("SIDEKIQ_TEST_NOW"));

    /// <summary>The midnight (UTC) before <see cref="Start"/>, for tests of times of day.</summary>
    public static DateTimeOffset Today { get; } = Midnight(Start);

    /// <summary>When a job was pushed that is there already: as this run began, by the clock of the servers, as Ruby writes it.</summary>
    public static string Pushed { get; } = Seconds(servers);

    /// <summary>A cron line whose runs are months away from the clock of the servers.</summary>
    public static string CronMonthsAway { get; } =
        string.Create(CultureInfo.InvariantCulture, $"0 0 1 {servers.AddMonths(6).Month} *");

    /// <summary>A time as Ruby writes it into a job: seconds with their fraction.</summary>
    public static string Seconds(DateTimeOffset time) =>
        ((time - DateTimeOffset.UnixEpoch).Ticks / (decimal)TimeSpan.TicksPerSecond).ToString(
            "0.0#####",
            CultureInfo.InvariantCulture
        );

    static DateTimeOffset Read(string? start)
    {
        if (string.IsNullOrEmpty(start))
        {
            return Midnight(servers).AddDays(1.5);
        }

        var asked = DateTimeOffset.Parse(start, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        return asked > servers
            ? DateTimeOffset.FromUnixTimeSeconds(asked.ToUnixTimeSeconds())
            : throw new InvalidOperationException(
                $"SIDEKIQ_TEST_NOW is '{start}', which is past: servers would expire at once what a test writes. "
                    + "Name a time to come, such as 2028-02-29T12:00:00Z."
            );
    }

    static DateTimeOffset Midnight(DateTimeOffset time) => new(time.UtcDateTime.Date, TimeSpan.Zero);
}
