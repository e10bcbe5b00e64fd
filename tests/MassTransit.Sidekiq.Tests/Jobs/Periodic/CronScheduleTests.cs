using System.Globalization;
using FsCheck.Fluent;

namespace MassTransit.Sidekiq.Tests.Jobs;

public class CronScheduleTests
{
    [Theory]
    [InlineData("0 8 * * *", "Etc/UTC", "2026-11-22T07:59:59Z", "2026-11-22T08:00:00Z", "2026-11-23T08:00:00Z")]
    [InlineData("0 8 * * *", "Europe/Berlin", "2026-11-22T00:00:00Z", "2026-11-22T07:00:00Z", "2026-11-23T07:00:00Z")]
    [InlineData("*/15 * * * *", "Etc/UTC", "2026-11-22T07:59:59.5Z", "2026-11-22T08:00:00Z", "2026-11-22T08:15:00Z")]
    [InlineData("*/20 * * * * *", "Etc/UTC", "2026-11-22T07:59:40Z", "2026-11-22T08:00:00Z", "2026-11-22T08:00:20Z")]
    [InlineData("30 9 * * MON-FRI", "Etc/UTC", "2026-11-20T10:00:00Z", "2026-11-23T09:30:00Z", "2026-11-24T09:30:00Z")]
    [InlineData("0 0 * * 7", "Etc/UTC", "2026-11-22T00:00:00Z", "2026-11-29T00:00:00Z", "2026-12-06T00:00:00Z")]
    [InlineData("0 0 * * 0", "Etc/UTC", "2026-11-22T00:00:00Z", "2026-11-29T00:00:00Z", "2026-12-06T00:00:00Z")]
    [InlineData("0 0 1 * MON", "Etc/UTC", "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z")]
    [InlineData("0 0 31 * *", "Etc/UTC", "2026-11-22T00:00:00Z", "2026-12-31T00:00:00Z", "2027-01-31T00:00:00Z")]
    [InlineData("0 0 29 FEB ?", "Etc/UTC", "2026-11-22T00:00:00Z", "2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z")]
    [InlineData(
        "5,10-12,50/4 3 * * *",
        "Etc/UTC",
        "2026-11-22T03:12:00Z",
        "2026-11-22T03:50:00Z",
        "2026-11-22T03:54:00Z"
    )]
    [InlineData("@daily", "Asia/Kolkata", "2026-11-22T00:00:00Z", "2026-11-22T18:30:00Z", "2026-11-23T18:30:00Z")]
    public void Run_follows_run(string cron, string zone, string after, string first, string second)
    {
        var schedule = CronSchedule.Parse(cron, zone);

        Assert.Equal(Time(first), schedule.Next(Time(after)));
        Assert.Equal(Time(second), schedule.Next(Time(first)));
    }

    [Theory]
    // Europe/Berlin: 2027-03-28 at 02:00 the clocks go to 03:00, 2026-10-25 at 03:00 back to 02:00.
    [InlineData("30 2 * * *", "2027-03-27T12:00:00Z", "2027-03-28T01:00:00Z 2027-03-29T00:30:00Z")]
    [InlineData("*/20 2 * * *", "2027-03-27T12:00:00Z", "2027-03-28T01:00:00Z 2027-03-29T00:00:00Z")]
    [InlineData("30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z 2026-10-26T01:30:00Z")]
    [InlineData(
        "0 2,3 * * *",
        "2026-10-24T12:00:00Z",
        "2026-10-25T00:00:00Z 2026-10-25T02:00:00Z 2026-10-26T01:00:00Z"
    )]
    [InlineData("30 * * * *", "2027-03-28T00:00:00Z", "2027-03-28T00:30:00Z 2027-03-28T01:30:00Z 2027-03-28T02:30:00Z")]
    [InlineData("30 * * * *", "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z 2026-10-25T01:30:00Z 2026-10-25T02:30:00Z")]
    [InlineData(
        "0 */2 * * *",
        "2027-03-27T22:00:00Z",
        "2027-03-27T23:00:00Z 2027-03-28T02:00:00Z 2027-03-28T04:00:00Z"
    )]
    [InlineData(
        "0 */2 * * *",
        "2026-10-24T21:30:00Z",
        "2026-10-24T22:00:00Z 2026-10-25T00:00:00Z 2026-10-25T01:00:00Z"
    )]
    public void Clocks_that_are_changed_follow_the_stated_rule(string cron, string after, string runs)
    {
        var schedule = CronSchedule.Parse(cron, "Europe/Berlin");

        var run = Time(after);
        foreach (var expected in runs.Split(' '))
        {
            run = schedule.Next(run)!.Value;
            Assert.Equal(Time(expected), run);
        }
    }

    [Fact]
    public void Time_named_by_its_hour_comes_once_on_each_day_of_the_year()
    {
        foreach (var zone in new[] { "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Tehran" })
        {
            var schedule = CronSchedule.Parse("15 2 * * *", zone);
            var info = TimeZoneInfo.FindSystemTimeZoneById(zone);
            var run = Time("2025-12-31T12:00:00Z");
            for (var day = new DateOnly(2026, 1, 1); day.Year == 2026; day = day.AddDays(1))
            {
                run = schedule.Next(run)!.Value;
                Assert.Equal(day, DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(run, info).DateTime));
            }
        }
    }

    /// <summary>Against the slow way: looking at the clock of the place every second.</summary>
    [Fact]
    public void Next_run_for_every_hour_is_the_next_second_at_which_the_clocks_show_it() =>
        Prop.ForAll(ArbMap.Default.ArbFor<(byte, byte, byte, byte, uint)>(), drawn => IsNextShown(drawn)).Holds();

    static bool IsNextShown((byte Second, byte Minute, byte Step, byte Zone, uint Seed) drawn)
    {
        var (second, minute, step, zone, seed) = drawn;
        var info = TimeZoneInfo.FindSystemTimeZoneById(
            new[] { "Etc/UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns" }[zone % 4]
        );
        var (s, m, h) = (second % 60, minute % 60, 1 + (step % 6));
        var schedule = CronSchedule.Parse($"{s} {m} */{h} * * *", info.Id);

        // Around the change of Berlin's clocks, and of the others' in half of all cases.
        var after = Time("2026-10-24T20:00:00Z").AddSeconds(seed % 20_000);
        var run = schedule.Next(after)!.Value;

        for (var at = after.AddSeconds(1); at <= run; at = at.AddSeconds(1))
        {
            var shown = TimeZoneInfo.ConvertTime(at, info);
            var fits = shown.Second == s && shown.Minute == m && shown.Hour % h == 0;
            if (fits != (at == run))
            {
                return false;
            }
        }

        return run > after;
    }

    [Theory]
    [InlineData("* * * * * *", "2026-01-01T00:00:00Z", "2026-11-22T08:00:00.7Z", "2026-11-22T08:00:00Z")]
    [InlineData("0 8 * * *", "2026-01-01T00:00:00Z", "2026-11-22T07:59:59Z", "2026-11-21T08:00:00Z")]
    [InlineData("0 8 * * *", "2026-11-22T08:00:00Z", "2026-11-22T08:00:00Z", "2026-11-22T08:00:00Z")]
    [InlineData("0 0 29 2 *", "2020-01-01T00:00:00Z", "2026-11-22T08:00:00Z", "2024-02-29T00:00:00Z")]
    [InlineData("0 0 29 2 *", "2024-03-01T00:00:00Z", "2026-11-22T08:00:00Z", null)]
    public void Last_run_is_found_without_counting_all(string cron, string from, string to, string? last) =>
        Assert.Equal(last is null ? null : Time(last), CronSchedule.Parse(cron, "Etc/UTC").Last(Time(from), Time(to)));

    [Fact]
    public void Day_that_never_comes_has_no_run() =>
        Assert.Null(CronSchedule.Parse("0 0 30 2 *", "Etc/UTC").Next(Time("2026-11-22T00:00:00Z")));

    [Theory]
    [InlineData("0 8 * *", "has 4 fields")]
    [InlineData("0 8 * * * * *", "has 7 fields")]
    [InlineData("60 8 * * *", "'60' in field '60' (minutes)")]
    [InlineData("0 24 * * *", "numbers from 0 to 23")]
    [InlineData("0 8 0 * *", "day of the month")]
    [InlineData("0 8 * 13 *", "names such as FEB")]
    [InlineData("0 8 * * MOON", "'MOON'")]
    [InlineData("0 8 * * 5-1", "'5-1'")]
    [InlineData("*/0 8 * * *", "'*/0'")]
    [InlineData("-1 8 * * *", "'-1'")]
    [InlineData("0 8 L * *", "'L'")]
    [InlineData("", "has 0 fields")]
    public void What_is_no_cron_expression_is_refused_with_the_part_that_is_wrong(string cron, string fault) =>
        Assert.Contains(
            fault,
            Assert.Throws<FormatException>(() => CronSchedule.Parse(cron, "Etc/UTC")).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Unknown_time_zone_is_refused_by_its_name() =>
        Assert.Contains(
            "'Europe/Atlantis'",
            Assert.Throws<FormatException>(() => CronSchedule.Parse("* * * * *", "Europe/Atlantis")).Message,
            StringComparison.Ordinal
        );

    static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    [Theory]
    [InlineData("Europe")]
    [InlineData("../../etc/passwd")]
    [InlineData("")]
    [InlineData("\0")]
    public void What_is_no_time_zone_is_refused_with_the_way_out(string zone)
    {
        var refusal = Assert.Throws<FormatException>(() => CronSchedule.Parse("* * * * *", zone));

        Assert.Contains("Name it as IANA does", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Ends_of_the_calendar_have_no_run_to_come()
    {
        var schedule = CronSchedule.Parse("0 8 * * *", "America/St_Johns");

        Assert.Null(schedule.Next(DateTimeOffset.MaxValue));
        Assert.Null(schedule.Next(DateTimeOffset.MinValue));
    }

    [Fact]
    public void Step_beyond_every_value_leaves_the_first() =>
        Assert.Equal(
            DateTimeOffset.UnixEpoch.AddMinutes(1),
            CronSchedule.Parse("1/2147483647 * * * *", "Etc/UTC").Next(DateTimeOffset.UnixEpoch)
        );
}
