namespace MassTransit.Sidekiq;

internal sealed class QueueCheck() : DoctorCheck("queues")
{
    public override async Task<Finding> Run(Examination examination)
    {
        var read = await examination.ReadQueues();
        var overview = await examination.Overview();
        var unread = overview.Queues.Where(queue => queue.Size > 0 && !read.Contains(queue.Name)).ToList();
        if (unread.Count > 0)
        {
            return Error(
                $"No process reads {Words.List([.. unread.Select(queue => $"{queue.Name} ({Words.Count(queue.Size, "job")})")])}.",
                "Start the process that reads it, or correct the name: the queue of an endpoint, or Ruby's sidekiq -q. A backlog is moved by ISidekiqInspector.MoveAll."
            );
        }

        var paused = overview.Queues.Where(queue => queue is { IsPaused: true, Size: > 0 }).ToList();
        return paused.Count > 0
                ? Warning(
                    $"Paused, with jobs: {Words.List([.. paused.Select(queue => $"{queue.Name} ({Words.Count(queue.Size, "job")})")])}.",
                    "Resume it on the dashboard, with ISidekiqInspector.Unpause or with SREM paused <queue>."
                )
            : overview.Processes.Count == 0
                ? Warning(
                    "No process works on this Redis.",
                    "Start one; if one runs, it has another Redis, database or prefix."
                )
            : Ok(
                $"Each queue with jobs is read: {Words.Number(overview.Queues.Count)} queues, {Words.Number(overview.Processes.Count)} processes."
            );
    }
}
