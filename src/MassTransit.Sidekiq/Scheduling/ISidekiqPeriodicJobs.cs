namespace MassTransit;

/// <summary>The periodic jobs of all applications on this Redis, for a dashboard or a script. Registered by <c>UsingSidekiq</c>.</summary>
public interface ISidekiqPeriodicJobs
{
    /// <summary>All periodic jobs, by name. It reads each once; some hundreds are not a burden.</summary>
    Task<IReadOnlyList<SidekiqPeriodicJob>> List();

    /// <summary>
    /// The last 25 runs of a schedule, the newest first; those that <see cref="Run" /> enqueues are not among them. The jid of a run's
    /// job finds it in <see cref="ISidekiqInspector.Search" /> as long as it waits, is retried or is dead. Empty when there is no
    /// such job.
    /// </summary>
    Task<IReadOnlyList<SidekiqPeriodicRun>> Runs(string id);

    /// <summary>Enqueues a run now, in addition to those of its schedule. False when there is no such job.</summary>
    Task<bool> Run(string id);

    /// <summary>Skips all runs until <see cref="Resume"/>, across restarts and deploys. False when it was not running.</summary>
    Task<bool> Pause(string id);

    /// <summary>Resumes a paused job with its next run; missed runs are not caught up. False when there is no such job.</summary>
    Task<bool> Resume(string id);

    /// <summary>Removes a job. A job that an application declares is added again when the application starts. False when there is no such job.</summary>
    Task<bool> Remove(string id);
}

/// <summary>A periodic job as stored in Redis.</summary>
/// <param name="Id">Its name, after that of its application: <c>OrdersApi:nightly</c>.</param>
/// <param name="Cron">Its schedule.</param>
/// <param name="TimeZone">The time zone of its schedule.</param>
/// <param name="NextRun">The time of its next run; null while it is paused.</param>
/// <param name="LastRun">The time of the latest run that was enqueued; null before the first.</param>
/// <param name="JobClass">The class of its jobs.</param>
/// <param name="Queue">The queue of its jobs; null when it is published.</param>
/// <param name="Topic">The topic it is published to; null when it goes to a queue.</param>
/// <param name="Application">The application that declares it; null for one that was scheduled at run time.</param>
/// <param name="Description">The description of its schedule, if any.</param>
public sealed record SidekiqPeriodicJob(
    string Id,
    string Cron,
    string TimeZone,
    DateTimeOffset? NextRun,
    DateTimeOffset? LastRun,
    string? JobClass,
    string? Queue,
    string? Topic,
    string? Application,
    string? Description
);
