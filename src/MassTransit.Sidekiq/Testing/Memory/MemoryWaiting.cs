using MassTransit.Testing;

namespace MassTransit.Sidekiq;

// The jobs of a harness without Redis.
internal sealed class MemoryWaiting(MemoryJobs jobs) : WaitingJobs
{
    public override IReadOnlyList<string> Unheard => jobs.Unheard;

    public override Task<IReadOnlyList<SidekiqTestJob>> All() =>
        Task.FromResult<IReadOnlyList<SidekiqTestJob>>([
            .. jobs.Waiting.Select(job => new SidekiqTestJob(SidekiqJob.Parse(job.Json, job.Queue), job.Queue, null)),
            .. jobs.Scheduled.Select(job =>
            {
                var read = SidekiqJob.Parse(job.Json, queue: "");
                return new SidekiqTestJob(read, DueMove.QueueOf(read), job.Due);
            }),
        ]);

    public override async Task<SidekiqRun?> RunNext(TestEndpoint endpoint, string queue) =>
        jobs.Take(queue) is { } json ? await Run(endpoint, queue, json).ConfigureAwait(false) : null;

    // Keeps what is left of the job afterwards. A dead one is gone: its run tells of it.
    public async Task<SidekiqRun> Run(TestEndpoint endpoint, string queue, ReadOnlyMemory<byte> json)
    {
        var run = await endpoint.Run(queue, json).ConfigureAwait(false);
        var stored = run.Stored?.Json ?? json;
        switch (run.Outcome)
        {
            case SidekiqOutcome.Retried:
                jobs.Add(DueSet.Retry, new MemoryDueJob(stored, run.At!.Value));
                break;
            case SidekiqOutcome.Rescheduled:
                jobs.Add(DueSet.Schedule, new MemoryDueJob(stored, run.At!.Value));
                break;
            case SidekiqOutcome.Moved:
                await jobs.Push((run.MovedTo!, stored)).ConfigureAwait(false);
                break;
            case SidekiqOutcome.Returned:
                jobs.Return(queue, stored);
                break;
        }

        return run;
    }

    public override async Task<IReadOnlyList<string>> MoveDue(DueSet set, DateTimeOffset? dueBy, BusRuntime runtime)
    {
        var queues = new List<string>();
        foreach (var job in jobs.TakeDue(set, dueBy))
        {
            var due = DueMove.Of(job.Json.ToArray(), runtime.Clock.GetUtcNow(), runtime.TimeFormat)!;
            queues.Add(due.Queue);
            await jobs.Push((due.Queue, due.Json)).ConfigureAwait(false);
        }

        return queues;
    }

    public override Task Clear()
    {
        jobs.Clear();
        return Task.CompletedTask;
    }
}
