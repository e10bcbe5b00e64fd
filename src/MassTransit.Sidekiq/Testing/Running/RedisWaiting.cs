using MassTransit.Testing;

namespace MassTransit.Sidekiq;

// As an inspector of the bus sees them: Ruby's too.
internal sealed class RedisWaiting(Func<BusRuntime> runtime) : WaitingJobs
{
    SidekiqInspector Inspector => new(runtime());

    public override async Task<IReadOnlyList<SidekiqTestJob>> All()
    {
        var (inspector, jobs) = (Inspector, new List<SidekiqTestJob>());
        foreach (var queue in await inspector.Queues().ConfigureAwait(false))
        {
            await foreach (var entry in inspector.Jobs(queue.Name).ConfigureAwait(false))
            {
                Add(jobs, entry, queue.Name);
            }
        }

        await foreach (var entry in inspector.ScheduledSet.Entries().ConfigureAwait(false))
        {
            Add(jobs, entry, queue: null);
        }

        return jobs;
    }

    public override Task<SidekiqRun?> RunNext(TestEndpoint endpoint, string queue) => endpoint.RunClaimed(queue);

    public override async Task<IReadOnlyList<string>> MoveDue(DueSet set, DateTimeOffset? dueBy, BusRuntime bus)
    {
        var jobs = set == DueSet.Schedule ? Inspector.ScheduledSet : Inspector.RetrySet;
        var due = new List<DueMove>();
        await foreach (var entry in jobs.Entries().ConfigureAwait(false))
        {
            var isDue = dueBy is null || entry.At <= dueBy;
            if (isDue && DueMove.Of(entry.Json, bus.Clock.GetUtcNow(), bus.TimeFormat) is { } move)
            {
                due.Add(move);
            }
        }

        foreach (var move in due)
        {
            await bus.Process.Stores.DueJobs.PushDue(set, [move]).ConfigureAwait(false);
        }

        return [.. due.Select(move => move.Queue)];
    }

    public override async Task Clear()
    {
        var inspector = Inspector;
        foreach (var queue in await inspector.Queues().ConfigureAwait(false))
        {
            await inspector.Clear(queue.Name).ConfigureAwait(false);
        }

        foreach (var set in new[] { inspector.ScheduledSet, inspector.RetrySet, inspector.DeadSet })
        {
            await set.Clear().ConfigureAwait(false);
        }
    }

    // An entry that is not a job has nothing to look at.
    static void Add(List<SidekiqTestJob> jobs, SidekiqEntry entry, string? queue)
    {
        if (entry.Job is { } job)
        {
            jobs.Add(new SidekiqTestJob(job, queue ?? DueMove.QueueOf(job), queue is null ? entry.At : null));
        }
    }
}
