namespace MassTransit.Sidekiq;

// A job that a worker runs now.
internal readonly record struct RunningJob(int Worker, SidekiqJob Job, TimeSpan Elapsed);

// One endpoint as the Busy page, the gauges and the log see it: what it is, and which jobs its workers run now. Its workers note
// a job when they begin it, which costs two writes.
internal sealed class EndpointWork(string name, QueueOrder queues, int concurrency)
{
    readonly SidekiqJob?[] jobs = new SidekiqJob?[concurrency];
    readonly long[] startedAt = new long[concurrency];

    public string Name => name;

    public QueueOrder Queues => queues;

    public int Concurrency => concurrency;

    public bool IsStopping { get; set; }

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

    public void Begin(int worker, SidekiqJob job)
    {
        Volatile.Write(ref startedAt[worker], RealTime.Clock.GetTimestamp());
        Volatile.Write(ref jobs[worker], job);
    }

    public void End(int worker) => Volatile.Write(ref jobs[worker], null);
}
