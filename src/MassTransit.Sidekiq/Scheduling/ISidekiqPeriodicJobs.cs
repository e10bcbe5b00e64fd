namespace MassTransit;

/// <summary>The periodic jobs of all applications on this Redis, for a dashboard or a script. Registered by <c>UsingSidekiq</c>.</summary>
public interface ISidekiqPeriodicJobs
{
    /// <summary>All of them, by name. It reads each once: some hundreds are no burden.</summary>
    Task<IReadOnlyList<SidekiqPeriodicJob>> List();

    /// <summary>Enqueues a run at once, beside those of its schedule. False when there is no such job.</summary>
    Task<bool> Run(string id);

    /// <summary>Leaves out all runs until <see cref="Resume"/>, restarts and deploys included. False when it was not running.</summary>
    Task<bool> Pause(string id);

    /// <summary>Lets a paused job go on with its next run; what it missed is not made up for. False when there is no such job.</summary>
    Task<bool> Resume(string id);

    /// <summary>Removes a job. One that an application declares comes back when that starts again. False when there is none.</summary>
    Task<bool> Remove(string id);
}

/// <summary>A periodic job as it stands in Redis.</summary>
/// <param name="Id">Its name, behind that of its application: <c>OrdersApi:nightly</c>.</param>
/// <param name="Cron">When it runs.</param>
/// <param name="TimeZone">Where that is.</param>
/// <param name="NextRun">Null while it is paused.</param>
/// <param name="LastRun">The time of the latest run that was enqueued; null before the first.</param>
/// <param name="JobClass">The class of its jobs.</param>
/// <param name="Queue">Where its jobs go; null when it is published.</param>
/// <param name="Topic">The topic it is published to; null when it goes to a queue.</param>
/// <param name="Application">Whose code declares it; null for one that was scheduled at run time.</param>
/// <param name="Description">What its schedule says of itself, if anything.</param>
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
