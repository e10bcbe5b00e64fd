namespace MassTransit.Sidekiq;

// A run that is to come: what the clocks of its zone show, and a remark where they change.
internal sealed record NextRun(DateTimeOffset At, DateTimeOffset Shown, string? Remark)
{
    public static IEnumerable<NextRun> Of(CronSchedule schedule, DateTimeOffset? first, DateTimeOffset? last)
    {
        var offset = last is { } before ? schedule.Shown(before).Offset : (TimeSpan?)null;
        for (var next = first; next is { } run; next = schedule.Next(run))
        {
            var shown = schedule.Shown(run);
            yield return new NextRun(run, shown, Remarks(schedule.Kind(run), shown.Offset - offset));
            offset = shown.Offset;
        }
    }

    static string? Remarks(ShownTime kind, TimeSpan? change)
    {
        var moved =
            change > TimeSpan.Zero ? $"clocks have gone forward by {Show.Age(change.Value)}"
            : change < TimeSpan.Zero ? $"clocks have gone back by {Show.Age(-change.Value)}"
            : null;
        var shown = kind switch
        {
            ShownTime.First => "the first of two such times",
            ShownTime.Second => "the second of two such times",
            ShownTime.Skipped => "its time is skipped that day",
            _ => null,
        };

        return moved is null ? shown
            : shown is null ? moved
            : $"{moved}, {shown}";
    }
}
