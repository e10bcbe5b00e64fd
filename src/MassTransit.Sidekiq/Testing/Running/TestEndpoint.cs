using MassTransit.Testing;
using MassTransit.Transports;

namespace MassTransit.Sidekiq;

// An endpoint whose jobs run when a harness says so: through its receive pipe, and to their settlement.
internal sealed class TestEndpoint(SidekiqReceiveEndpointContext context, SidekiqProcess process)
{
    public SidekiqProcess Process => process;

    public BusRuntime Runtime => context.Runtime;

    public IReceivePipeDispatcher Dispatcher { get; } = context.CreateReceivePipeDispatcher();

    public IReadOnlyList<string> Queues => context.Endpoint.Queues.Names;

    public bool Takes(string queue) => Position(queue) >= 0;

    // It receives the responses of the bus, which are no jobs of the test's.
    public bool IsOfResponses => context.IsBusEndpoint;

    // The job of Redis that runs.
    public (string Queue, long Number)? InHand { get; private set; }

    // A job that is stored nowhere.
    public async Task<SidekiqRun> Run(string queue, ReadOnlyMemory<byte> json)
    {
        using var jobs = new JobsInHand(Queues.Count, RealTime.Clock, new WakeUp());
        return await Run(new ClaimedJob(Position(queue), 0, json.ToArray()), jobs, isStored: false)
            .ConfigureAwait(false);
    }

    // The next job of a queue in Redis; null when none waits.
    public async Task<SidekiqRun?> RunClaimed(string queue)
    {
        var claims = process.Stores.Claims;
        int[] order = [Position(queue)];
        var claimed = await claims
            .Claim(
                new ClaimRequest
                {
                    Queues = Queues,
                    Order = order,
                    Count = 1,
                    FirstNumber = claims.Reserve(1),
                    Acknowledged = [.. Queues.Select(_ => Array.Empty<long>())],
                    HonourPaused = false,
                }
            )
            .ConfigureAwait(false);
        if (claimed.Jobs is not [var job, ..])
        {
            return null;
        }

        InHand = (queue, job.Number);
        using var jobs = new JobsInHand(Queues.Count, RealTime.Clock, new WakeUp());
        var run = await Run(job, jobs, isStored: true).ConfigureAwait(false);
        await claims
            .Acknowledge(queue, [.. jobs.Unacknowledged().Select(settled => settled.Number)])
            .ConfigureAwait(false);
        InHand = null;
        return run;
    }

    async Task<SidekiqRun> Run(ClaimedJob claimed, JobsInHand jobs, bool isStored)
    {
        var steps = new RecordedSteps(process, jobs, Runtime.Clock, isStored);
        var settlement = new JobSettlement(context, steps, claimed);
        JobReceiveContext? job = null;
        Exception? thrown = null;
        try
        {
            job = await JobIntake.Read(context, claimed, settlement, process.Redis.Skew).ConfigureAwait(false);
            if (job is not null)
            {
                await Dispatcher.Dispatch(job, settlement).ConfigureAwait(false);
            }
        }
        catch (Exception fault)
        {
            // As in a worker: MassTransit has settled the job, unless an observer threw first.
            thrown = fault;
            await settlement.Faulted(fault).ConfigureAwait(false);
        }

        job?.Dispose();
        var outcome = SidekiqRun.OutcomeOf(settlement.End);
        var error = settlement.Failure ?? (outcome == SidekiqOutcome.Succeeded ? null : thrown);
        return new SidekiqRun(outcome, SidekiqJob.TryParse(claimed.Json, settlement.Queue))
        {
            Error = error is null ? null : ReadableException.Original(error),
            Stored = steps.Json is { } json ? SidekiqJob.TryParse(json, steps.Queue ?? settlement.Queue) : null,
            At = steps.Due,
            MovedTo = steps.Queue,
        };
    }

    int Position(string queue) => Queues.ToList().IndexOf(queue);
}
