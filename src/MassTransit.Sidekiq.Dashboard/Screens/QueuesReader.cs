namespace MassTransit.Sidekiq;

internal sealed record QueueRow(SidekiqQueue Queue, IReadOnlyList<SidekiqProcessInfo> Processes)
{
    public IReadOnlyList<LatencySample> Latencies { get; init; } = [];

    // Those that take jobs; the others finish what they have.
    public IReadOnlyList<SidekiqProcessInfo> Serving => [.. Processes.Where(process => !process.IsQuiet)];
}

internal sealed record QueueModel(
    QueueRow Row,
    IReadOnlyList<SidekiqEntry> Jobs,
    int Page,
    bool HasMore,
    IReadOnlyList<string> Queues
);

internal sealed class QueuesReader(ISidekiqInspector inspector, LatencySampler sampler)
{
    public const int MostPages = 400;
    const int PageSize = 25;

    public async Task<Page?> All(DashboardCall call) =>
        Page.Of<Pages.QueuesPage>("Queues", await Rows(call).ConfigureAwait(false));

    public async Task<Page?> One(DashboardCall call)
    {
        var name = call.Route("name");
        var rows = await Rows(call).ConfigureAwait(false);
        var page = call.Number("page", otherwise: 1, least: 1, MostPages);
        var jobs = new List<SidekiqEntry>(PageSize + 1);
        await foreach (var job in inspector.Jobs(name, (page - 1) * (long)PageSize, call.Aborted).ConfigureAwait(false))
        {
            jobs.Add(job);
            if (jobs.Count > PageSize)
            {
                break;
            }
        }

        var row = rows.FirstOrDefault(row => row.Queue.Name == name);
        row ??= new QueueRow(new SidekiqQueue(name, 0, TimeSpan.Zero, IsPaused: false), [])
        {
            Latencies = sampler.Of(name),
        };
        return Page.Of<Pages.QueuePage>(
            name,
            new QueueModel(
                row,
                [.. jobs.Take(PageSize)],
                page,
                jobs.Count > PageSize,
                QueueNames.Of(rows.Select(row => row.Queue).Where(queue => queue.Name != name))
            )
        );
    }

    async Task<IReadOnlyList<QueueRow>> Rows(DashboardCall call)
    {
        var (queues, processes) = (inspector.Queues(call.Aborted), inspector.Processes(call.Aborted));
        await Task.WhenAll(queues, processes).ConfigureAwait(false);
        var serving = processes
            .Result.SelectMany(process => process.Queues.Select(queue => (queue, process)))
            .ToLookup(pair => pair.queue, pair => pair.process, StringComparer.Ordinal);

        return
        [
            .. queues.Result.Select(queue => new QueueRow(queue, [.. serving[queue.Name]])
            {
                Latencies = sampler.Of(queue.Name),
            }),
        ];
    }
}
