namespace MassTransit.Sidekiq;

internal sealed record TopicsModel(SidekiqTopicList List, IReadOnlySet<string> ServedQueues);

internal sealed class TopicsReader(ISidekiqInspector inspector)
{
    public async Task<Page?> Read(DashboardCall call)
    {
        var (topics, processes) = (inspector.Topics.List(call.Aborted), inspector.Processes(call.Aborted));
        await Task.WhenAll(topics, processes).ConfigureAwait(false);
        var served = processes.Result.SelectMany(process => process.Queues).ToHashSet(StringComparer.Ordinal);

        return Page.Of<Pages.TopicsPage>("Topics", new TopicsModel(topics.Result, served));
    }
}
