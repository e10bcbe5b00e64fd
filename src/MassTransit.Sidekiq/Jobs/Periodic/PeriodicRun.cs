using System.Globalization;

namespace MassTransit.Sidekiq;

// One run of a periodic job as a job of its own. Its ids derive from its name and its time, so that every process that finds it
// due makes the same job.
internal static class PeriodicRun
{
    public static PublishRequest Request(
        PeriodicJob periodic,
        DateTimeOffset run,
        DateTimeOffset now,
        SidekiqTimeFormat times
    )
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{periodic.Id}@{run.ToUnixTimeSeconds()}");
        var (id, job) = (JobId.ToMessageId(name), SidekiqJob.Parse(periodic.Job, queue: ""));
        var target = periodic.Target;
        var parts = Parts(job, id, now, times);
        var unique = UniqueJob.Of(parts.Rest, parts.Args);
        var outgoing = new OutgoingJob(job.Class!, id, Parts: parts, Queue: target.Static?.Queue, Unique: unique);

        return target.Queue is { } queue
            ? PublishRequest.ToQueue(queue, outgoing)
            : PublishRequest.ToTopic(target.Topic!, known: null, outgoing);
    }

    static JobParts Parts(SidekiqJob job, Guid id, DateTimeOffset now, SidekiqTimeFormat times)
    {
        var edit = new JobEdit().Remove("args").Remove("class").Set("created_at", now, times);
        if (job.Metadata is { } metadata)
        {
            (metadata.MessageId, metadata.ConversationId) = (id, id);
            using var text = JobText.Rent();
            metadata.Write(text);
            edit.SetRaw(JobFields.Metadata, text.Written);
        }

        var isActiveJob = ActiveJobWrapper.Is(job.Class!) && job.FirstArg.In(job.Json) is [(byte)'{', ..];
        var args =
            isActiveJob ? ActiveJobArgs(job, id)
            : job.Args.IsEmpty ? "[]"u8.ToArray()
            : job.Args;

        return new JobParts(JobJson.Edit(job.Json, edit), args, now, times, isActiveJob);
    }

    // An ActiveJob has an id of its own, and the name of its queue, inside its one argument.
    static byte[] ActiveJobArgs(SidekiqJob job, Guid id)
    {
        var argument = job.Json.Slice(job.FirstArg.Start, job.FirstArg.Length);
        var named = JobJson.Edit(argument, new JobEdit().Set("job_id", id.ToString("D")).Set("queue_name", ""));

        return [.. "["u8, .. named.Span, .. "]"u8];
    }
}
