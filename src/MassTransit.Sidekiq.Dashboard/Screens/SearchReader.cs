namespace MassTransit.Sidekiq;

internal sealed record SearchModel(string Text, SidekiqSearch? Result);

internal sealed class SearchReader(ISidekiqInspector inspector)
{
    public async Task<Page?> Read(DashboardCall call)
    {
        var text = call.Query("q")?.Trim() ?? "";
        var result = text.Length == 0 ? null : await inspector.Search(text, 100, call.Aborted).ConfigureAwait(false);

        if (result is not null)
        {
            result = result with { Found = [.. result.Found.Where(found => MayBeFound(call, found.Entry, text))] };
        }

        return Page.Of<Pages.SearchPage>("Search", new SearchModel(text, result));
    }

    // A job whose contents are hidden is found by what is shown of it alone; else a search would tell what they are.
    static bool MayBeFound(DashboardCall call, SidekiqEntry entry, string text) =>
        !call.IsRedacted(entry)
        || entry.Job!.Jid?.Contains(text, StringComparison.Ordinal) == true
        || Show.Class(entry).Contains(text, StringComparison.Ordinal);
}
