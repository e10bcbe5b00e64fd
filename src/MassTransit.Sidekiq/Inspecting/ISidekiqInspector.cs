namespace MassTransit;

/// <summary>
/// Sidekiq's API and Web UI for code, such as a dashboard: it covers the jobs of Ruby and of .NET. Inject it, or
/// <c>Bind&lt;TBus, ISidekiqInspector&gt;</c> for an additional bus; a process without a bus registers it with
/// <see cref="SidekiqInspectorExtensions.AddSidekiqInspector" />. Each change is one atomic step in Redis, safe beside any
/// poller; each list is read page by page, so that a set of a million jobs costs only the pages that are read.
/// </summary>
/// <remarks>Without Redis every method throws <see cref="ConnectionException" />.</remarks>
public interface ISidekiqInspector
{
    /// <summary>Jobs that failed and wait for their next retry.</summary>
    ISidekiqJobSet RetrySet { get; }

    /// <summary>Jobs that are scheduled for a later time.</summary>
    ISidekiqJobSet ScheduledSet { get; }

    /// <summary>Dead letters: jobs that are out of retries, and entries that are not jobs. <see cref="SidekiqEntry.At" /> is the time of death.</summary>
    ISidekiqJobSet DeadSet { get; }

    /// <summary>Periodic jobs, as <c>cfg.Periodic</c> and the recurring scheduler stored them in Redis.</summary>
    ISidekiqPeriodicJobs Periodic { get; }

    /// <summary>Batches of jobs.</summary>
    ISidekiqBatchList Batches { get; }

    /// <summary>Topics and the queues that subscribe to them.</summary>
    ISidekiqTopics Topics { get; }

    /// <summary>
    /// The limits that processes share, by name: at most 500, in one round trip. Each limit and each of its keys that is shown costs Redis
    /// about ten microseconds.
    /// </summary>
    Task<IReadOnlyList<SidekiqLimit>> Limits(CancellationToken cancellationToken = default);

    /// <summary>The numbers of the dashboard, in two round trips.</summary>
    Task<SidekiqStats> Stats(CancellationToken cancellationToken = default);

    /// <summary>
    /// <see cref="Stats" /> with the <see cref="Queues" /> and <see cref="Processes" /> that it counts, for the price of the latter two:
    /// two replies per queue and per process, in two round trips.
    /// </summary>
    Task<SidekiqOverview> Overview(CancellationToken cancellationToken = default);

    /// <summary>How many jobs were processed and failed on each of the last days (UTC), today first.</summary>
    /// <param name="days">1 to 1827: Sidekiq keeps five years.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task<IReadOnlyList<SidekiqDay>> History(int days, CancellationToken cancellationToken = default);

    /// <summary>All queues by name, each with its size and latency. Costs two replies per queue, in two round trips.</summary>
    Task<IReadOnlyList<SidekiqQueue>> Queues(CancellationToken cancellationToken = default);

    /// <summary>
    /// The jobs of a queue, the next one first, read a hundred at a time. Workers take jobs meanwhile, so some may be missed.
    /// </summary>
    IAsyncEnumerable<SidekiqEntry> Jobs(string queue, CancellationToken cancellationToken = default);

    /// <summary>
    /// As <see cref="Jobs(string, CancellationToken)" />, without the first <paramref name="skip" />. Redis walks the list as far as
    /// that, about 1 ms for each 100,000.
    /// </summary>
    IAsyncEnumerable<SidekiqEntry> Jobs(string queue, long skip, CancellationToken cancellationToken = default);

    /// <summary>Removes a job from a queue. False when a worker has taken it. Redis searches the whole queue.</summary>
    Task<bool> Delete(string queue, SidekiqEntry job, CancellationToken cancellationToken = default);

    /// <summary>
    /// Moves a job to the end of another queue. Its <c>queue</c> is changed, and nothing else: it has waited since it was enqueued.
    /// False when a worker has taken it. Redis searches the whole queue.
    /// </summary>
    /// <exception cref="ArgumentException">The other queue has no valid name, is the same or a temporary one.</exception>
    Task<bool> Move(string queue, SidekiqEntry job, string otherQueue, CancellationToken cancellationToken = default);

    /// <summary>
    /// Moves all jobs that are in a queue now to the end of another one, in their order, a hundred per step. Those that are pushed
    /// meanwhile stay, and those that workers take run once, where they were. Entries that are not jobs are moved unchanged. Returns
    /// how many were moved.
    /// </summary>
    /// <exception cref="ArgumentException">As for <see cref="Move" />.</exception>
    Task<long> MoveAll(string queue, string otherQueue, CancellationToken cancellationToken = default);

    /// <summary>
    /// What <see cref="ISidekiqJobSet.RetryWith" /> checks the arguments of a job against, and whether it can. It asks nothing of
    /// Redis.
    /// </summary>
    SidekiqArgsCheck ArgsCheck(SidekiqEntry job);

    /// <summary>
    /// The job as it may be shown: without what <see cref="SidekiqSecretAttribute" /> marks in the messages that this process knows, and
    /// without any arguments where the host's <c>Redact</c> says so. The same instance when nothing is hidden. It asks nothing of Redis.
    /// </summary>
    SidekiqJob Redacted(SidekiqJob job);

    /// <summary>Removes all jobs of a queue, and its name until the next push. Returns the number of jobs.</summary>
    Task<long> Clear(string queue, CancellationToken cancellationToken = default);

    /// <summary>
    /// Pauses a queue: workers of .NET, and of Sidekiq Pro, take no more jobs from it, within about a second; pushing to it
    /// continues. Sidekiq without Pro does not support pauses.
    /// </summary>
    Task Pause(string queue, CancellationToken cancellationToken = default);

    /// <summary>Ends a pause.</summary>
    Task Unpause(string queue, CancellationToken cancellationToken = default);

    /// <summary>The processes of the Busy page, by identity.</summary>
    Task<IReadOnlyList<SidekiqProcessInfo>> Processes(CancellationToken cancellationToken = default);

    /// <summary>
    /// Who holds claimed jobs: each .NET process with each of its queues, those whose lease has ended first. Costs a reply per process
    /// and two per claim, in three round trips.
    /// </summary>
    /// <param name="most">The maximum number of claims. Default: 100.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is below one.</exception>
    Task<SidekiqClaims> Claims(int most = 100, CancellationToken cancellationToken = default);

    /// <summary>The running jobs, the longest first, as of the last heartbeat of their processes (5 s, or 10 s in Ruby from 7 on).</summary>
    Task<IReadOnlyList<SidekiqWork>> Work(CancellationToken cancellationToken = default);

    /// <summary>
    /// Sidekiq's job metrics of each class over the last minutes or hours, the longest total runtime first: those of Ruby from 7
    /// on and of .NET together. One round trip; an hour reads 120 small hashes, eight hours 960.
    /// </summary>
    /// <param name="last">From a minute to 72 hours; above eight hours in periods of ten minutes, which Ruby keeps from Sidekiq 8 on.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time is shorter than a minute or longer than 72 hours.</exception>
    Task<IReadOnlyList<SidekiqClassMetrics>> Metrics(TimeSpan last, CancellationToken cancellationToken = default);

    /// <summary>The metrics of one class over time, with a histogram of its run times. One round trip.</summary>
    /// <param name="jobClass">The class; for an ActiveJob, the one inside the wrapper.</param>
    /// <param name="last">As in <see cref="Metrics(TimeSpan, CancellationToken)" />.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time is shorter than a minute or longer than 72 hours.</exception>
    Task<SidekiqJobMetrics> Metrics(string jobClass, TimeSpan last, CancellationToken cancellationToken = default);

    /// <summary>The deploys that .NET or Ruby has marked, the oldest first. Costs a reply for each day, in one round trip.</summary>
    /// <param name="last">Up to 90 days, which is as long as Sidekiq keeps them.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time is not above zero, or longer than 90 days.</exception>
    Task<IReadOnlyList<SidekiqDeploy>> Deploys(TimeSpan last, CancellationToken cancellationToken = default);

    /// <summary>
    /// Marks a deploy on the charts of metrics, those of Sidekiq's Web UI included, like <c>Sidekiq::Deploy.mark!</c>. Each process of a
    /// deploy may do it: the first one marks it. False when this label was marked within the last minute, or another in the same minute.
    /// </summary>
    /// <param name="label">What is deployed, such as a commit with its subject.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ArgumentException">The label is empty.</exception>
    Task<bool> MarkDeploy(string label, CancellationToken cancellationToken = default);

    /// <summary>
    /// Jobs that contain a string: a jid, a message id, a class, a part of the arguments as JSON. It reads the next 2,000 jobs of
    /// each of 200 queues and 100,000 entries of each set, which takes up to a second; <see cref="SidekiqSearch.IsComplete" /> is
    /// true if there were no more.
    /// </summary>
    /// <param name="text">The string, as written in the job; case-sensitive.</param>
    /// <param name="most">The maximum number of results. Default: 100.</param>
    /// <param name="cancellationToken">Cancels the search.</param>
    Task<SidekiqSearch> Search(string text, int most = 100, CancellationToken cancellationToken = default);

    /// <summary>The Redis server: version, memory, persistence, round trip. Values that it does not report are null.</summary>
    Task<SidekiqRedisServer> Redis(CancellationToken cancellationToken = default);

    /// <summary>
    /// Cancels a job wherever it is. One that waits in a queue, for a retry or for its time is removed. The
    /// <c>CancellationToken</c> of one that runs in .NET fires within two seconds, in any process; however it ends then, it is not
    /// retried, and no fault is published. An iterable job of Ruby (Sidekiq 7.3) stops at its next item. Other jobs of Ruby that
    /// run cannot be stopped.
    /// </summary>
    /// <remarks>
    /// It leaves the mark that <c>cancel!</c> in Ruby leaves, for 30 days or until the job ends, so a job that is on its way between
    /// two places is stopped when it runs. The search is that of <see cref="ISidekiqJobSet.Find" />, and the next 2,000 jobs of each of
    /// 200 queues.
    /// </remarks>
    /// <param name="jid">The job's id, of at most 255 characters.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ArgumentException">The id is empty or longer.</exception>
    Task<SidekiqCancellation> Cancel(string jid, CancellationToken cancellationToken = default);

    /// <summary>Tells a process to take no more jobs, like the Quiet button. False when there is no process of this identity.</summary>
    Task<bool> Quiet(string identity, CancellationToken cancellationToken = default);

    /// <summary>Tells a process to stop, like the Stop button. False when there is no process of this identity.</summary>
    Task<bool> Stop(string identity, CancellationToken cancellationToken = default);
}
