namespace MassTransit.Sidekiq;

// The topics, as of the last minute. Redis finds them by a scan of its keys, which a page that refreshes itself every two seconds
// must not repeat.
internal sealed class RecentTopics(ISidekiqInspector inspector)
{
    static readonly TimeSpan fresh = TimeSpan.FromMinutes(1);

    Known? known;

    public async Task<SidekiqTopicList> Read(CancellationToken cancellationToken)
    {
        if (known is { } recent && RealTime.Clock.GetElapsedTime(recent.ReadAt) < fresh)
        {
            return recent.List;
        }

        var list = await inspector.Topics.List(cancellationToken).ConfigureAwait(false);
        known = new Known(list, RealTime.Clock.GetTimestamp());
        return list;
    }

    sealed record Known(SidekiqTopicList List, long ReadAt);
}
