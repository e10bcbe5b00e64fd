namespace MassTransit.Sidekiq;

// A job that a worker runs.
internal interface IJobRun
{
    SidekiqJob Job { get; }

    // On request: it does not run again.
    void Cancel();
}

internal readonly record struct RunningJob(int Worker, IJobRun Run, TimeSpan Elapsed)
{
    public SidekiqJob Job => Run.Job;
}

// The view of one endpoint for the Busy page, the gauges and the log: its settings and its running jobs. Its workers record a job
// when they start it, which costs two writes and a call.
internal sealed class EndpointWork(string name, QueueOrder queues, int concurrency)
{
    readonly IJobRun?[] jobs = new IJobRun?[concurrency];
    readonly long[] startedAt = new long[concurrency];

    public string Name => name;

    public QueueOrder Queues => queues;

    public int Concurrency => concurrency;

    public bool IsStopping { get; set; }

    // Called when a job has started.
    public Action? Began { get; set; }

    public int Busy => jobs.Count(job => job is not null);

    public IEnumerable<RunningJob> Running
    {
        get
        {
            for (var worker = 0; worker < jobs.Length; worker++)
            {
                if (Volatile.Read(ref jobs[worker]) is { } job)
                {
                    var elapsed = RealTime.Clock.GetElapsedTime(Volatile.Read(ref startedAt[worker]));
                    yield return new RunningJob(worker, job, elapsed);
                }
            }
        }
    }

    public void Begin(int worker, IJobRun job)
    {
        Volatile.Write(ref startedAt[worker], RealTime.Clock.GetTimestamp());
        Volatile.Write(ref jobs[worker], job);
        Began?.Invoke();
    }

    public void End(int worker) => Volatile.Write(ref jobs[worker], null);
}
