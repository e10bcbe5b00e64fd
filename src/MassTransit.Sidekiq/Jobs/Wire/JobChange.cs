namespace MassTransit.Sidekiq;

// What people change about a job by hand; all else of it stays byte for byte the same.
internal sealed record JobChange(string? Queue = null, ReadOnlyMemory<byte>? Args = null)
{
    public ReadOnlyMemory<byte> Apply(SidekiqJob job)
    {
        var (edit, args) = (new JobEdit(), Args ?? job.Args);
        if (Queue is not null)
        {
            edit.Set("queue", Queue);
            JobMoves.KeepLock(edit, job);
        }

        // An ActiveJob names its queue a second time, inside, and Rails enqueues a retry there.
        var isNamedInside =
            Queue is not null && job is { HasArgumentList: true, Class: { } jobClass } && ActiveJobWrapper.Is(jobClass);
        if (Args is not null || isNamedInside)
        {
            using var text = JobText.Rent();
            ActiveJobWrapper.WriteArgs(text, args, isNamedInside, Queue);
            edit.SetRaw("args", text.Written);
        }

        return JobJson.Edit(job.Json, edit);
    }
}
