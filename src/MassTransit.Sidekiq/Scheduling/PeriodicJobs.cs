namespace MassTransit.Sidekiq;

internal sealed class PeriodicJobs(IInspected inspected) : ISidekiqPeriodicJobs
{
    PeriodicStore Store => inspected.Stores.Periodic;

    public async Task<IReadOnlyList<SidekiqPeriodicJob>> List() =>
        [.. (await Store.List().ConfigureAwait(false)).Select(Describe)];

    public async Task<IReadOnlyList<SidekiqPeriodicRun>> Runs(string id)
    {
        var runs = await Store.Runs(id).ConfigureAwait(false);
        return [.. runs.Select(run => PeriodicHistory.Read(run)).OfType<SidekiqPeriodicRun>()];
    }

    public async Task<bool> Run(string id)
    {
        if (await Find(id).ConfigureAwait(false) is not { } job)
        {
            return false;
        }

        var now = inspected.Clock.GetUtcNow();
        await inspected
            .Stores.Topics.Publish(PeriodicRun.Request(job, now, now, inspected.TimeFormat))
            .ConfigureAwait(false);
        return true;
    }

    public Task<bool> Pause(string id) => Store.Pause(id);

    public async Task<bool> Resume(string id)
    {
        if (await Find(id).ConfigureAwait(false) is not { } job)
        {
            return false;
        }

        if (job.Next(inspected.Clock.GetUtcNow()) is { } due)
        {
            await Store.Resume(id, due).ConfigureAwait(false);
        }

        return true;
    }

    public Task<bool> Remove(string id) => Store.Remove(id);

    async Task<PeriodicJob?> Find(string id) =>
        await Store.Find(id).ConfigureAwait(false) is { } json ? PeriodicJob.Read(id, json) : null;

    // A job that cannot be read is listed as well, with the fault as its description, so that it can be noticed.
    static SidekiqPeriodicJob Describe(PeriodicEntry entry)
    {
        try
        {
            var job = PeriodicJob.Read(entry.Id, entry.Json);
            return new SidekiqPeriodicJob(
                entry.Id,
                job.Cron,
                job.TimeZone,
                entry.Due,
                entry.LastRun,
                SidekiqJob.Parse(job.Job, queue: "").Class,
                job.Target.Queue,
                job.Target.Topic,
                job.Owner,
                job.Description
            );
        }
        catch (FormatException fault)
        {
            return new SidekiqPeriodicJob(
                entry.Id,
                "",
                "",
                entry.Due,
                entry.LastRun,
                null,
                null,
                null,
                null,
                fault.Message
            );
        }
    }
}
