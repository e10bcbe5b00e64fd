namespace MassTransit.Sidekiq;

internal sealed record OverviewModel(
    SidekiqStats Stats,
    IReadOnlyList<SidekiqDay> Days,
    SidekiqRedisServer Redis,
    IReadOnlyList<Warning> Warnings
);

internal sealed class OverviewReader(ISidekiqInspector inspector, IReadOnlyList<OutboxWatch> outboxes)
{
    const int Days = 30;
    const int MostClaims = 100;

    readonly RecentTopics topics = new(inspector);

    public async Task<Page?> Read(DashboardCall call)
    {
        var due = call.Now - Findings.Late;
        var (overview, days) = (inspector.Overview(call.Aborted), inspector.History(Days, call.Aborted));
        var (redis, claims) = (inspector.Redis(call.Aborted), inspector.Claims(MostClaims, call.Aborted));
        var (retries, scheduled) = (
            inspector.RetrySet.Count(due, call.Aborted),
            inspector.ScheduledSet.Count(due, call.Aborted)
        );
        var (subscribed, outbox) = (topics.Read(call.Aborted), new OutboxWarnings(outboxes).Read(call.Aborted));
        await Task.WhenAll(overview, days, redis, claims, retries, scheduled, subscribed, outbox).ConfigureAwait(false);

        var findings = new Findings(overview.Result, redis.Result, claims.Result, subscribed.Result)
        {
            Overdue = retries.Result + scheduled.Result,
            Now = call.Now,
        };
        return Page.Of<Pages.OverviewPage>(
            "Overview",
            new OverviewModel(
                overview.Result.Stats,
                [.. days.Result.Reverse()],
                redis.Result,
                [.. findings.Warnings(), .. outbox.Result]
            )
        );
    }
}
