namespace MassTransit;

/// <summary>
/// What Sidekiq's API and Web UI show and do, for a dashboard or a program of one's own: it sees the jobs of Ruby and .NET
/// alike. Inject it, or <c>Bind&lt;TBus, ISidekiqInspector&gt;</c> for a further bus. Each change is one step in Redis, safe
/// beside any poller; each list is read page by page, so that a set of a million jobs costs what is read of it.
/// </summary>
/// <remarks>Without Redis every method throws <see cref="ConnectionException" />.</remarks>
public interface ISidekiqInspector
{
    /// <summary>Jobs that failed and wait for their next attempt.</summary>
    ISidekiqJobSet RetrySet { get; }

    /// <summary>Jobs that wait for their time.</summary>
    ISidekiqJobSet ScheduledSet { get; }

    /// <summary>Jobs that are out of attempts, and text that is no job; <see cref="SidekiqEntry.At" /> is when it died.</summary>
    ISidekiqJobSet DeadSet { get; }

    /// <summary>Jobs that run by the clock, as <c>cfg.Periodic</c> and the recurring scheduler left them in Redis.</summary>
    ISidekiqPeriodicJobs Periodic { get; }

    /// <summary>Topics, and which queues subscribe to them.</summary>
    ISidekiqTopics Topics { get; }

    /// <summary>The figures of the dashboard, in two round trips.</summary>
    Task<SidekiqStats> Stats(CancellationToken cancellationToken = default);

    /// <summary>What was processed and what failed on each of the last days (UTC), today first.</summary>
    /// <param name="days">1 to 1827: Sidekiq forgets after five years.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<IReadOnlyList<SidekiqDay>> History(int days, CancellationToken cancellationToken = default);

    /// <summary>All queues by name, each with its size and latency. Costs two answers a queue, in two round trips.</summary>
    Task<IReadOnlyList<SidekiqQueue>> Queues(CancellationToken cancellationToken = default);

    /// <summary>
    /// The jobs of a queue, the next one first, read a hundred at a time. Workers take jobs meanwhile: one may be missed, none
    /// is invented.
    /// </summary>
    IAsyncEnumerable<SidekiqEntry> Jobs(string queue, CancellationToken cancellationToken = default);

    /// <summary>
    /// As <see cref="Jobs(string, CancellationToken)" />, without the first <paramref name="skip" />. Redis walks the list as far as
    /// that, about 1 ms for each 100,000.
    /// </summary>
    IAsyncEnumerable<SidekiqEntry> Jobs(string queue, long skip, CancellationToken cancellationToken = default);

    /// <summary>Removes a job from a queue. False when a worker has taken it. Redis looks for it through the whole queue.</summary>
    Task<bool> Delete(string queue, SidekiqEntry job, CancellationToken cancellationToken = default);

    /// <summary>Removes all jobs of a queue, and its name until the next push. Returns how many jobs there were.</summary>
    Task<long> Clear(string queue, CancellationToken cancellationToken = default);

    /// <summary>
    /// Workers of .NET, and of Sidekiq Pro, take no more jobs from the queue, within about a second; pushing to it goes on.
    /// Sidekiq without Pro does not know of pauses.
    /// </summary>
    Task Pause(string queue, CancellationToken cancellationToken = default);

    /// <summary>Ends a pause.</summary>
    Task Unpause(string queue, CancellationToken cancellationToken = default);

    /// <summary>The processes of the Busy page, by identity.</summary>
    Task<IReadOnlyList<SidekiqProcessInfo>> Processes(CancellationToken cancellationToken = default);

    /// <summary>The jobs that run now, the longest first, as of the last beat of their processes (5 s, or 10 s in Ruby from 7 on).</summary>
    Task<IReadOnlyList<SidekiqWork>> Work(CancellationToken cancellationToken = default);

    /// <summary>
    /// What the jobs of each class came to over a time that ends now, those that took the most of it first: Sidekiq's job metrics,
    /// of Ruby from 7 on and of .NET together. One round trip; an hour reads 120 small hashes, eight hours 960.
    /// </summary>
    /// <param name="last">From a minute to 72 hours; above eight hours by periods of ten minutes, which Ruby keeps from Sidekiq 8 on.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time is shorter than a minute or longer than 72 hours.</exception>
    Task<IReadOnlyList<SidekiqClassMetrics>> Metrics(TimeSpan last, CancellationToken cancellationToken = default);

    /// <summary>The metrics of one class over time, and how long its attempts took. One round trip.</summary>
    /// <param name="jobClass">The class; for an ActiveJob, the one inside the wrapper.</param>
    /// <param name="last">As in <see cref="Metrics(TimeSpan, CancellationToken)" />.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time is shorter than a minute or longer than 72 hours.</exception>
    Task<SidekiqJobMetrics> Metrics(string jobClass, TimeSpan last, CancellationToken cancellationToken = default);

    /// <summary>
    /// Jobs that hold a string: a jid, a message id, a class, a part of the arguments as JSON. It looks at the next 2,000 jobs of each
    /// of 200 queues and at 100,000 entries of each set, which takes up to a second; <see cref="SidekiqSearch.IsComplete" /> tells
    /// whether that were all.
    /// </summary>
    /// <param name="text">What is sought, as it is written in the job; upper and lower case differ.</param>
    /// <param name="most">How many jobs are enough. Default: 100.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    Task<SidekiqSearch> Search(string text, int most = 100, CancellationToken cancellationToken = default);

    /// <summary>The Redis behind it: version, memory, persistence, round trip. What it may not be asked is null.</summary>
    Task<SidekiqRedisServer> Redis(CancellationToken cancellationToken = default);

    /// <summary>Asks a process to take no more jobs, as the button Quiet. False when there is none of this identity.</summary>
    Task<bool> Quiet(string identity, CancellationToken cancellationToken = default);

    /// <summary>Asks a process to stop, as the button Stop. False when there is none of this identity.</summary>
    Task<bool> Stop(string identity, CancellationToken cancellationToken = default);
}

/// <summary>A sorted set of jobs: retries, scheduled, or dead.</summary>
public interface ISidekiqJobSet
{
    /// <summary>How many there are.</summary>
    Task<long> Count(CancellationToken cancellationToken = default);

    /// <summary>
    /// The entries by their time, read a hundred at a time, whatever is added or removed meanwhile: each entry that stays is
    /// met once. Stop when you have enough.
    /// </summary>
    /// <param name="from">The first time that is wanted. Default: all.</param>
    /// <param name="newestFirst">Backwards, from the latest time, or from <paramref name="from" />. Default: false.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    IAsyncEnumerable<SidekiqEntry> Entries(
        DateTimeOffset? from = null,
        bool newestFirst = false,
        CancellationToken cancellationToken = default
    );

    /// <summary>The entry of a job id, or null. Redis looks through the set in small steps, which takes its time on a large one.</summary>
    Task<SidekiqEntry?> Find(string jid, CancellationToken cancellationToken = default);

    /// <summary>
    /// The entries by class and error, the largest group first: what failed, since when, how often. It reads no more than
    /// <paramref name="most" /> entries, the newest ones; <see cref="SidekiqGroups.IsComplete" /> tells whether that were all.
    /// </summary>
    /// <param name="most">How many entries at most. More costs their reading: ten thousand take some tenths of a second. Default: 1,000.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    Task<SidekiqGroups> Groups(int most = 1000, CancellationToken cancellationToken = default);

    /// <summary>
    /// Moves a job to its queue now: "retry now" of the Web UI, "add to queue" for a scheduled one. As there, a retry does not
    /// use up an attempt. False when it has left the set, to wherever.
    /// </summary>
    /// <exception cref="ArgumentException">The entry is text that is no job; it can be deleted, or killed.</exception>
    Task<bool> Retry(SidekiqEntry entry, CancellationToken cancellationToken = default);

    /// <summary>Moves a job to the dead set, and tells the handlers of <c>OnJobDeath</c>. False when it has left the set.</summary>
    Task<bool> Kill(SidekiqEntry entry, CancellationToken cancellationToken = default);

    /// <summary>Removes a job. False when it has left the set.</summary>
    Task<bool> Delete(SidekiqEntry entry, CancellationToken cancellationToken = default);

    /// <summary>
    /// Gives a job another time. False when it has left the set. A scheduled message that is moved cannot be cancelled by its
    /// token any more.
    /// </summary>
    Task<bool> Reschedule(SidekiqEntry entry, DateTimeOffset at, CancellationToken cancellationToken = default);

    /// <summary>Moves every job that is in the set now to its queue, a hundred a step, and leaves text that is none. Returns how many moved.</summary>
    Task<long> RetryAll(CancellationToken cancellationToken = default);

    /// <summary>Moves everything that is in the set now to the dead set. As in Ruby, handlers of deaths are not told. Returns how many moved.</summary>
    Task<long> KillAll(CancellationToken cancellationToken = default);

    /// <summary>As <see cref="RetryAll(CancellationToken)" />, for those that are chosen, such as a group.</summary>
    Task<long> RetryAll(Func<SidekiqEntry, bool> which, CancellationToken cancellationToken = default);

    /// <summary>As <see cref="KillAll(CancellationToken)" />, for those that are chosen.</summary>
    Task<long> KillAll(Func<SidekiqEntry, bool> which, CancellationToken cancellationToken = default);

    /// <summary>Removes those that are chosen among all that are in the set now. Returns how many there were.</summary>
    Task<long> DeleteAll(Func<SidekiqEntry, bool> which, CancellationToken cancellationToken = default);

    /// <summary>Removes everything. Returns how many there were.</summary>
    Task<long> Clear(CancellationToken cancellationToken = default);
}
