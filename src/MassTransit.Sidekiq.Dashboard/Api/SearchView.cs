namespace MassTransit.Sidekiq;

// Jobs that were found: `retry`, `schedule`, `dead`, or `queue:` and the name of a queue.
internal sealed record SearchView(IReadOnlyList<FindingView> Found, bool IsComplete)
{
    public static SearchView Of(DashboardCall call, SearchModel model) =>
        new(
            [
                .. (model.Result?.Found ?? []).Select(found => new FindingView(
                    found.Place,
                    JobView.Of(call, found.Entry)
                )),
            ],
            model.Result?.IsComplete ?? true
        );
}

internal sealed record FindingView(string Place, JobView Job);
