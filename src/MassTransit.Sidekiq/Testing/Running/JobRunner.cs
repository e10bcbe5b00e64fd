using MassTransit.Testing;

namespace MassTransit.Sidekiq;

// Runs the jobs that wait, one after the other.
internal sealed class JobRunner(WaitingJobs waiting, TestEndpoints endpoints, Func<IEnumerable<ITestedOutbox>> outboxes)
{
    // A job that enqueues itself would never end.
    const int MostRuns = 10_000;

    readonly AsyncLocal<bool> holds = new();

    // Whether what this caller sends only waits: an outbox must not take the failure of a consumer for its own.
    public bool Holds => holds.Value;

    // Until they are empty.
    public async Task<List<SidekiqRun>> Drain(params IReadOnlyList<string> queues)
    {
        var runs = new List<SidekiqRun>();
        await Drain(queues, runs).ConfigureAwait(false);
        return runs;
    }

    // All queues and outboxes.
    public async Task<List<SidekiqRun>> DrainAll()
    {
        var runs = new List<SidekiqRun>();
        int before;
        do
        {
            before = runs.Count;
            await SendStaged().ConfigureAwait(false);
            await Drain(endpoints.Queues, runs).ConfigureAwait(false);
        } while (runs.Count > before);

        return runs;
    }

    // Jobs for queues that no endpoint here takes jobs from wait there.
    public async Task<List<SidekiqRun>> DrainDue(DueSet set, DateTimeOffset? dueBy, BusRuntime bus)
    {
        var queues = await MoveDue(set, dueBy, bus).ConfigureAwait(false);
        return await Drain([
                .. queues.Distinct(StringComparer.Ordinal).Where(queue => endpoints.Find(queue) is not null),
            ])
            .ConfigureAwait(false);
    }

    public async Task SendStaged()
    {
        holds.Value = true;
        foreach (var outbox in outboxes())
        {
            await outbox.Drain().ConfigureAwait(false);
        }
    }

    async Task<IReadOnlyList<string>> MoveDue(DueSet set, DateTimeOffset? dueBy, BusRuntime bus)
    {
        holds.Value = true;
        return await waiting.MoveDue(set, dueBy, bus).ConfigureAwait(false);
    }

    async Task Drain(IReadOnlyList<string> queues, List<SidekiqRun> runs)
    {
        int before;
        do
        {
            before = runs.Count;
            foreach (var queue in queues)
            {
                var endpoint = endpoints.Of(queue);
                while (await waiting.RunNext(endpoint, queue).ConfigureAwait(false) is { } run)
                {
                    runs.Add(run);
                    if (runs.Count == MostRuns)
                    {
                        throw new SidekiqTestException(
                            $"{MostRuns} jobs have run, and queue '{queue}' is not empty yet. Does a job enqueue itself? The last one: {run}",
                            run.Error
                        );
                    }
                }
            }
        } while (runs.Count > before);
    }
}
