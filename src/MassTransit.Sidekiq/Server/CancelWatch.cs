namespace MassTransit.Sidekiq;

/// <summary>
/// Stops running jobs that were cancelled from elsewhere: by an inspector, the dashboard, or cancel! in Ruby.
/// 1. Once a second, one step looks for the marks of the jobs that have run for most of a second. Without such a job nothing is
///    asked, so that short jobs cost nothing.
/// 2. The token of a marked job fires. How the job ends is decided where it is settled.
/// </summary>
internal sealed class CancelWatch(CancelStore store, Roster roster)
{
    public async Task Look()
    {
        var running = roster
            .RunningForLong.Where(running => running.Job.Jid is not null)
            .ToLookup(running => running.Job.Jid!, StringComparer.Ordinal);
        if (running.Count == 0)
        {
            return;
        }

        foreach (var jid in await store.Find([.. running.Select(jobs => jobs.Key)]).ConfigureAwait(false))
        {
            foreach (var job in running[jid])
            {
                job.Run.Cancel();
            }
        }
    }
}
