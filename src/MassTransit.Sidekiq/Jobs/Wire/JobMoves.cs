namespace MassTransit.Sidekiq;

// Jobs on their way from one place in Redis to another: all that the move does not change stays byte for byte the same.
internal static class JobMoves
{
    // The same job for another queue, with what the move adds; the rest stays byte for byte the same.
    public static ReadOnlyMemory<byte> ToQueue(
        SidekiqJob job,
        string queue,
        IEnumerable<KeyValuePair<string, object>> said,
        DateTimeOffset now,
        SidekiqTimeFormat times
    )
    {
        // The queue in which it failed, which readers of the error queue want to know.
        var destination = job.Metadata?.DestinationAddress ?? "/" + job.Queue;
        return JobJson.Edit(
            job.Json,
            WithHeaders(job, said, destination).To(job, queue).Set("enqueued_at", now, times)
        );
    }

    // The same job, pushed to its queue now. Another client may have left its due time inside: Ruby would schedule the job
    // by it again at its next failure.
    public static ReadOnlyMemory<byte> Enqueued(
        SidekiqJob job,
        DateTimeOffset now,
        SidekiqTimeFormat times,
        bool givesBackAttempt = false
    )
    {
        var edit = new JobEdit().Remove("at").Set("enqueued_at", now, times);
        if (givesBackAttempt && job.RetryCount is { } count)
        {
            edit.Set("retry_count", (long)count - 1);
        }

        return JobJson.Edit(job.Json, edit);
    }

    // Names the queue: an ActiveJob names it a second time, inside, and Rails enqueues a retry there.
    public static JobEdit To(this JobEdit edit, SidekiqJob job, string queue)
    {
        edit.Set("queue", queue);
        if (job is { HasArgumentList: true, Class: { } jobClass } && ActiveJobWrapper.Is(jobClass))
        {
            using var text = JobText.Rent();
            ActiveJobWrapper.WriteArgs(text, job.Args, isActiveJob: true, queue);
            edit.SetRaw("args", text.Written);
        }

        return edit;
    }

    // The same job, denied once more by a limit. It keeps the time at which it was enqueued: it has waited since.
    public static ReadOnlyMemory<byte> Limited(SidekiqJob job)
    {
        var metadata = job.Metadata?.Copy() ?? new JobMetadata();
        metadata.Limited++;
        using var text = JobText.Rent();
        metadata.Write(text);
        return JobJson.Edit(job.Json, new JobEdit().SetRaw(JobFields.Metadata, text.Written).To(job, job.Queue));
    }

    // The lock of a unique job is named after the queue that it was pushed to first.
    public static void KeepLock(JobEdit edit, SidekiqJob job)
    {
        if (job.UniqueFor is not null && !job.TryGet("unique_queue", out _))
        {
            edit.Set("unique_queue", job.Queue.Length > 0 ? job.Queue : DueMove.QueueOf(job));
        }
    }

    static JobEdit WithHeaders(
        SidekiqJob job,
        IEnumerable<KeyValuePair<string, object>> added,
        string? destination = null
    )
    {
        var metadata = job.Metadata?.Copy() ?? new JobMetadata();
        var headers = new Dictionary<string, object?>(metadata.Headers, StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in added)
        {
            headers[key] = value;
        }

        (metadata.Headers, metadata.DestinationAddress) = (headers, destination ?? metadata.DestinationAddress);
        using var text = JobText.Rent();
        metadata.Write(text);
        return new JobEdit().SetRaw(JobFields.Metadata, text.Written);
    }
}
