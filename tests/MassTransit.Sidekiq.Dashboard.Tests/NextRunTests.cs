using System.Globalization;

namespace MassTransit.Sidekiq.Dashboard.Tests;

public class NextRunTests
{
    [Fact]
    public void Run_behind_a_change_of_the_clocks_is_marked_once()
    {
        var runs = Runs("0 9 * * *", "Europe/Berlin", first: "2026-03-28T08:00:00Z", last: "2026-03-27T08:00:00Z");

        Assert.Equal([null, "clocks have gone forward by 60 min", null], runs.Select(run => run.Remark));
        Assert.Equal(["09:00 +01:00", "09:00 +02:00", "09:00 +02:00"], runs.Select(Shown));
    }

    [Fact]
    public void First_run_is_compared_with_the_last_one()
    {
        var runs = Runs("0 9 * * *", "Europe/Berlin", first: "2026-10-25T08:00:00Z", last: "2026-10-24T07:00:00Z");

        Assert.Equal("clocks have gone back by 60 min", runs[0].Remark);
        Assert.Null(Runs("0 9 * * *", "Europe/Berlin", first: "2026-10-25T08:00:00Z", last: null)[0].Remark);
    }

    [Fact]
    public void Time_that_the_clocks_skip_is_marked()
    {
        var runs = Runs("30 2 * * *", "Europe/Berlin", first: "2026-03-28T01:30:00Z", last: "2026-03-27T01:30:00Z");

        Assert.Equal("clocks have gone forward by 60 min, its time is skipped that day", runs[1].Remark);
        Assert.Equal("03:00 +02:00", Shown(runs[1]));
        Assert.Null(runs[2].Remark);
    }

    [Fact]
    public void Times_that_the_clocks_show_twice_are_told_apart()
    {
        var runs = Runs("30 * * * *", "Europe/Berlin", first: "2026-10-25T00:30:00Z", last: "2026-10-24T23:30:00Z");

        Assert.Equal(
            ["the first of two such times", "clocks have gone back by 60 min, the second of two such times", null],
            runs.Select(run => run.Remark)
        );
    }

    [Fact]
    public void Schedule_that_cannot_be_read_has_no_words_and_no_runs()
    {
        var row = PeriodicRow.Of(Job("no cron", "Etc/UTC", Time("2026-03-28T08:00:00Z"), null));

        Assert.Empty(row.Words);
        Assert.Empty(row.Next);
    }

    static NextRun[] Runs(string cron, string zone, string first, string? last) =>
        [.. PeriodicRow.Of(Job(cron, zone, Time(first), last is null ? null : Time(last))).Next.Take(3)];

    static SidekiqPeriodicJob Job(string cron, string zone, DateTimeOffset next, DateTimeOffset? last) =>
        new("App:nightly", cron, zone, next, last, "Nightly", "nightly", null, "App", null);

    static string Shown(NextRun run) => run.Shown.ToString("HH:mm zzz", CultureInfo.InvariantCulture);

    static DateTimeOffset Time(string time) => DateTimeOffset.Parse(time, CultureInfo.InvariantCulture);
}
