namespace MassTransit.Sidekiq;

// What people change about a job by hand; all else of it stays byte for byte the same.
internal sealed record JobChange(string? Queue = null, ReadOnlyMemory<byte>? Args = null)
{
    public ReadOnlyMemory<byte> Apply(SidekiqJob job)
    {
        var edit = new JobEdit();
        if (Args is { } args)
        {
            edit.SetRaw("args", args.Span);
            job = SidekiqJob.Parse(JobJson.Edit(job.Json, edit), job.Queue);
        }

        if (Queue is not null)
        {
            edit.To(job, Queue);
            JobMoves.KeepLock(edit, job);
        }

        return JobJson.Edit(job.Json, edit);
    }
}
