namespace MassTransit.Sidekiq;

// What runs now, in all processes: as they last reported it, with how far the iterable ones are.
internal static class RunningJobs
{
    // The longest: a job that has just begun has saved nothing.
    const int MostIterations = 1000;

    public static async Task<IReadOnlyList<SidekiqWork>> Read(RedisStores stores)
    {
        var processes = await stores.Inspection.Processes(withWork: true).ConfigureAwait(false);
        List<SidekiqWork> work = [.. processes.SelectMany(RegistryReader.Work).OrderBy(job => job.RunAt)];
        var jids = work.Select(job => job.Job?.Jid).OfType<string>().Distinct(StringComparer.Ordinal);
        var states = await stores.Iterations.Read([.. jids.Take(MostIterations)]).ConfigureAwait(false);

        return
        [
            .. work.Select(job =>
                job.Job?.Jid is { } jid && states.TryGetValue(jid, out var state)
                    ? job with
                    {
                        Iteration = View(state),
                    }
                    : job
            ),
        ];
    }

    static SidekiqIteration View(IterationState state) =>
        new(state.Executions, state.Runtime, state.Cursor, state.Progress?.Done, state.Progress?.Total);
}
