using System.Text;

namespace MassTransit.Sidekiq;

/// <summary>
/// Searches waiting jobs for a string: a jid, a message id, a class, a part of the arguments. Redis has no index of them.
/// 1. It reads the next jobs of each queue, and compares them here.
/// 2. Redis scans each set, a thousand members per step.
/// The number of jobs is bounded, and so are the costs; the result tells whether there were more.
/// </summary>
internal sealed class JobFinder(InspectionStore store, string text, int most)
{
    const int Page = 200;
    const int MostPages = 10;
    const int MostQueues = 200;
    const int MostSteps = 100;

    readonly byte[] sought = Encoding.UTF8.GetBytes(text);
    readonly List<SidekiqFinding> found = [];
    bool isComplete = true;

    public async Task<SidekiqSearch> Run(CancellationToken cancellationToken)
    {
        await InQueues(cancellationToken).ConfigureAwait(false);
        foreach (var set in new[] { DueSet.Retry, DueSet.Schedule, DueSet.Dead })
        {
            await InSet(set, cancellationToken).ConfigureAwait(false);
        }

        return new SidekiqSearch(found, isComplete);
    }

    public async Task<SidekiqSearch> InQueues(CancellationToken cancellationToken)
    {
        var queues = await store.Queues().WaitAsync(cancellationToken).ConfigureAwait(false);
        isComplete &= queues.Count <= MostQueues;
        foreach (var queue in queues.OrderBy(queue => queue.Name, StringComparer.Ordinal).Take(MostQueues))
        {
            await InQueue(queue.Name, cancellationToken).ConfigureAwait(false);
        }

        return new SidekiqSearch(found, isComplete);
    }

    async Task InQueue(string queue, CancellationToken cancellationToken)
    {
        for (var page = 0; ; page++)
        {
            if (found.Count >= most || page == MostPages)
            {
                isComplete = false;
                return;
            }

            var jobs = await store.Jobs(queue, page * Page, Page).WaitAsync(cancellationToken).ConfigureAwait(false);
            foreach (var job in jobs.Where(job => job.AsSpan().IndexOf(sought) >= 0))
            {
                Add("queue:" + queue, RegistryReader.Entry(job, score: null, queue));
            }

            if (jobs.Count < Page)
            {
                return;
            }
        }
    }

    async Task InSet(DueSet set, CancellationToken cancellationToken)
    {
        var cursor = "0";
        for (var step = 0; ; step++)
        {
            if (found.Count >= most || step == MostSteps)
            {
                isComplete = false;
                return;
            }

            var (next, members) = await store
                .Search(set, cursor, text)
                .WaitAsync(cancellationToken)
                .ConfigureAwait(false);
            foreach (var (member, score) in members)
            {
                Add(set.Name(), RegistryReader.Entry(member, score, ""));
            }

            cursor = next;
            if (cursor == "0")
            {
                return;
            }
        }
    }

    void Add(string place, SidekiqEntry entry)
    {
        if (found.Count < most)
        {
            found.Add(new SidekiqFinding(place, entry));
        }
        else
        {
            isComplete = false;
        }
    }
}
