namespace MassTransit.Sidekiq;

internal sealed record SearchModel(string Text, SidekiqSearch? Result, IReadOnlyList<SidekiqWork> Running);

internal sealed class SearchReader(ISidekiqInspector inspector)
{
    const int Most = 100;

    public async Task<Page?> Read(DashboardCall call)
    {
        var text = call.Query("q")?.Trim() ?? "";
        if (text.Length == 0)
        {
            return Page.Of<Pages.SearchPage>("Search", new SearchModel(text, null, []));
        }

        // As ids are written.
        text = Guid.TryParseExact(text, "D", out var id) ? id.ToString("D") : text;
        var (waiting, running) = (inspector.Search(text, Most, call.Aborted), inspector.Work(call.Aborted));
        await Task.WhenAll(waiting, running).ConfigureAwait(false);
        var result = waiting.Result;

        return Page.Of<Pages.SearchPage>(
            "Search",
            new SearchModel(
                text,
                result with
                {
                    Found =
                    [
                        .. result.Found.Where(found => found.Entry.Job is not { } job || MayBeFound(call, job, text)),
                    ],
                },
                [.. running.Result.Where(work => IsFound(call, work, text)).Take(Most)]
            )
        );
    }

    static bool IsFound(DashboardCall call, SidekiqWork work, string text) =>
        work.Job is { } job && job.RawJson.Contains(text, StringComparison.Ordinal) && MayBeFound(call, job, text);

    // A search for what is hidden in a job would tell that it is there.
    static bool IsShown(DashboardCall call, SidekiqJob job, string text) =>
        call.Shown(job) is var shown
        && (ReferenceEquals(shown, job) || shown.RawJson.Contains(text, StringComparison.Ordinal));

    // A job whose contents are hidden is found by what is shown of it alone; else a search would tell what they are.
    static bool MayBeFound(DashboardCall call, SidekiqJob job, string text) =>
        (!call.IsRedacted(job) && IsShown(call, job, text))
        || job.Jid?.Contains(text, StringComparison.Ordinal) == true
        || (job.Wrapped ?? job.Class)?.Contains(text, StringComparison.Ordinal) == true;
}
