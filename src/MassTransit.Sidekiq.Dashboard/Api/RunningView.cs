namespace MassTransit.Sidekiq;

internal sealed record RunningView(IReadOnlyList<ProcessView> Processes, IReadOnlyList<WorkView> Work, bool IsComplete)
{
    const int Most = 500;

    public static RunningView Of(DashboardCall call, RunningModel model) =>
        new(
            [.. model.Processes.Select(ProcessView.Of)],
            [
                .. model
                    .Work.Take(Most)
                    .Select(work => new WorkView(
                        work.Identity,
                        work.Thread,
                        work.Queue,
                        work.RunAt.UtcDateTime,
                        JobView.Of(call, work),
                        IterationView.Of(work.Iteration)
                    )),
            ],
            model.Work.Count <= Most
        );
}

internal sealed record ProcessView(
    string Identity,
    string? HostName,
    long? ProcessId,
    string? Tag,
    string? Version,
    IReadOnlyList<string> Queues,
    int Concurrency,
    int Busy,
    bool IsQuiet,
    DateTime? StartedAt,
    DateTime? BeatAt,
    long ResidentBytes,
    double RoundTripSeconds,
    double? LeaseSeconds
)
{
    public static ProcessView Of(SidekiqProcessInfo process) =>
        new(
            process.Identity,
            process.HostName,
            process.ProcessId,
            process.Tag,
            process.Version,
            process.Queues,
            process.Concurrency,
            process.Busy,
            process.IsQuiet,
            process.StartedAt?.UtcDateTime,
            process.BeatAt?.UtcDateTime,
            process.ResidentBytes,
            process.RoundTrip.TotalSeconds,
            process.Lease?.TotalSeconds
        );
}

// A job that runs, the longest first; null is one that its process did not write in a way that can be read.
internal sealed record WorkView(
    string Process,
    string Thread,
    string Queue,
    DateTime RunAt,
    JobView? Job,
    IterationView? Iteration
);

// How far an iterable job is, as it was last saved. Its cursor may be confidential, and is left out.
internal sealed record IterationView(long Runs, double RuntimeSeconds, long? Done, long? Total)
{
    public static IterationView? Of(SidekiqIteration? iteration) =>
        iteration is null ? null : new(iteration.Runs, iteration.Runtime.TotalSeconds, iteration.Done, iteration.Total);
}
