namespace MassTransit.Sidekiq.Tests.Jobs.Periodic;

public class CronWordsTests
{
    [Theory]
    [InlineData("15 3 * * *", "at 03:15 every day")]
    [InlineData("15 3 * * 1-5", "at 03:15 on weekdays")]
    [InlineData("15 3,15 * * MON,FRI", "at 03:15 and 15:15 on Mondays and Fridays")]
    [InlineData("0 9 * * 6,7", "at 09:00 on weekends")]
    [InlineData("30 15 3 * * *", "at 03:15:30 every day")]
    [InlineData("* * * * *", "every minute")]
    [InlineData("? * ? * ?", "every minute")]
    [InlineData("*/5 * * * *", "every 5 minutes")]
    [InlineData("*/7 * * * *", "at minutes 0, 7, 14, 21, 28, 35, 42, 49 and 56 of every hour")]
    [InlineData("0 * * * *", "every hour")]
    [InlineData("@hourly", "every hour")]
    [InlineData("10 * * * *", "at minute 10 of every hour")]
    [InlineData("5,35 * * * *", "at minutes 5 and 35 of every hour")]
    [InlineData("0 */2 * * *", "every 2 hours")]
    [InlineData("20 */3 * * *", "at minute 20 in every 3rd hour")]
    [InlineData("0 */5 * * *", "at minute 0 of hours 0, 5, 10, 15 and 20 in elapsed time")]
    [InlineData("0 0-23 * * *", "every hour from 00:00 to 23:00")]
    [InlineData("0 9-17 * * 1-5", "every hour from 09:00 to 17:00 on weekdays")]
    [InlineData("*/15 9-17 * * *", "every 15 minutes from 09:00 to 17:59")]
    [InlineData("*/15 9 * * *", "at 09:00, 09:15, 09:30 and 09:45 every day")]
    [InlineData("0 8-22/2 * * *", "at minute 0 of hours 8, 10, 12, 14, 16, 18, 20 and 22")]
    [InlineData("* * * * * *", "every second")]
    [InlineData("*/10 * * * * *", "every 10 seconds")]
    [InlineData("30 * * * * *", "at second 30 of every minute")]
    [InlineData("*/10 */5 * * * *", "every 10 seconds of every 5 minutes")]
    [InlineData("@yearly", "at 00:00 on day 1 of the month in January")]
    [InlineData("@weekly", "at 00:00 on Sundays")]
    [InlineData("0 0 1,15 * *", "at 00:00 on days 1 and 15 of the month")]
    [InlineData("0 0 1 * MON", "at 00:00 on day 1 of the month or on Mondays")]
    [InlineData("0 0 1-7 * */7", "at 00:00 on Sundays that are days 1 to 7 of the month")]
    [InlineData("0 0 * 6-8,DEC *", "at 00:00 every day in June to August and December")]
    public void Expression_is_said_in_words(string cron, string words) =>
        Assert.Equal(words, CronWords.Of(CronFields.Parse(cron)));

    [Fact]
    public void Expressions_that_differ_never_read_the_same()
    {
        string[] seconds = ["0", "*", "*/10", "30", "1-3"];
        string[] minutes = ["0", "*", "*/5", "*/7", "15", "0,30", "0-29"];
        string[] hours = ["*", "*/2", "*/5", "*/24", "0", "3", "3,15", "9-17", "0-23", "8-22/2"];
        string[] days = ["*", "1", "1,15", "1-31", "*/2"];
        string[] week = ["*", "1-5", "0,6", "MON", "0-6", "*/2", "7"];
        string[] months = ["*", "1", "6-8"];
        var fields =
            from second in seconds
            from minute in minutes
            from hour in hours
            from day in days
            from month in months
            from weekday in week
            select CronFields.Parse($"{second} {minute} {hour} {day} {month} {weekday}");

        var doubled = fields
            .GroupBy(CronWords.Of, Means, StringComparer.Ordinal)
            .Where(means => means.Distinct().Skip(1).Any())
            .Select(means => means.Key)
            .Take(10);

        Assert.Empty(doubled);
    }

    static (ulong, ulong, ulong, ulong, ulong, ulong, bool, bool) Means(CronFields cron) =>
        (
            cron.Seconds,
            cron.Minutes,
            cron.Hours,
            cron.Days,
            cron.Months,
            cron.Weekdays,
            cron.HasEveryHour,
            cron.IsEitherDay
        );
}
