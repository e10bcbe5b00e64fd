namespace MassTransit.Sidekiq;

internal sealed record BatchesModel(long Count, IReadOnlyList<SidekiqBatch> Batches, int Page, bool HasMore);

internal sealed record BatchModel(SidekiqBatch Batch, IReadOnlyList<SidekiqBatchJob> Jobs)
{
    // Not all that have not ended.
    public bool HasMore => Jobs.Count < Batch.Pending;
}

// Batches, the newest first, and one with its jobs that have not ended.
internal sealed class BatchesReader(ISidekiqInspector inspector)
{
    public const int MostPages = 10_000;
    const int PageSize = 100;
    const int MostJobs = 100;

    // Two round trips, however many batches there are: their number and ids, and then each of the page.
    public async Task<Page?> All(DashboardCall call)
    {
        var page = call.Number("page", otherwise: 1, least: 1, MostPages);
        var count = inspector.Batches.Count(call.Aborted);
        var batches = inspector.Batches.List((page - 1) * PageSize, PageSize, call.Aborted);
        await Task.WhenAll(count, batches).ConfigureAwait(false);

        return Page.Of<Pages.BatchesPage>(
            "Batches",
            new BatchesModel(count.Result, batches.Result, page, page < MostPages && count.Result > page * PageSize)
        );
    }

    public async Task<Page?> One(DashboardCall call)
    {
        var id = call.Route("id");
        var (batch, jobs) = (
            inspector.Batches.Find(id, call.Aborted),
            inspector.Batches.Jobs(id, MostJobs, call.Aborted)
        );
        await Task.WhenAll(batch, jobs).ConfigureAwait(false);
        return PageOf(batch.Result, jobs.Result);
    }

    // Without its jobs, for a script that asks how far it has got.
    public async Task<Page?> State(DashboardCall call) =>
        PageOf(await inspector.Batches.Find(call.Route("id"), call.Aborted).ConfigureAwait(false), []);

    static Page? PageOf(SidekiqBatch? batch, IReadOnlyList<SidekiqBatchJob> jobs) =>
        batch is null ? null : Page.Of<Pages.BatchPage>(Show.Batch(batch), new BatchModel(batch, jobs));
}
