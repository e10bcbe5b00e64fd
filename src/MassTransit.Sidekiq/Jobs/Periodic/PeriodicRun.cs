using System.Globalization;

namespace MassTransit.Sidekiq;

/// One run of a periodic job as a job of its own. Its ids come from its name and its time, so that every process that finds
/// it due makes the same.
internal static class PeriodicRun
{
    static readonly byte[] start = "{\"queue\":"u8.ToArray();
    static readonly byte[] before = ",\"class\":"u8.ToArray();

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

        return new PublishRequest
        {
            Entities = target.Topic is { } topic ? [topic] : [],
            FollowImplements = true,
            Static =
                target.Queue is { } queue ? [(queue, job.Class!)]
                : target.Static is { } subscription ? [subscription]
                : [],
            Template = Template(job, id, now, times),
            Class = job.Class!,
            MessageId = id,
        };
    }

    /// What a run does not share with the next is left out of what stands in Redis.
    public static ReadOnlyMemory<byte> Strip(ReadOnlyMemory<byte> job)
    {
        var edit = new JobEdit().Remove("queue").Remove("jid").Remove("created_at").Remove("enqueued_at");
        edit.Remove("traceparent").Remove("tracestate");
        if (SidekiqJob.Parse(job, queue: "").Metadata is { } metadata)
        {
            (metadata.MessageId, metadata.ConversationId, metadata.ExpiresAt) = (null, null, null);
            edit.SetRaw(JobFields.Metadata, Written(metadata));
        }

        return JobJson.Edit(job, edit);
    }

    static JobTemplate Template(SidekiqJob job, Guid id, DateTimeOffset now, SidekiqTimeFormat times)
    {
        var edit = new JobEdit().Remove("class").Set("created_at", now, times);
        if (job.Metadata is { } metadata)
        {
            (metadata.MessageId, metadata.ConversationId) = (id, id);
            edit.SetRaw(JobFields.Metadata, Written(metadata));
        }

        edit.Set("enqueued_at", now, times);
        var isActiveJob = ActiveJobArguments.IsWrapper(job.Class!) && job.FirstArg.In(job.Json) is [(byte)'{', ..];
        return isActiveJob
            ? Template(job, edit, id)
            : new JobTemplate(start, before, [.. ","u8, .. JobJson.Edit(job.Json, edit).Span[1..]]);
    }

    /// An ActiveJob has an id of its own, and the name of its queue, inside its one argument.
    static JobTemplate Template(SidekiqJob job, JobEdit edit, Guid id)
    {
        var argument = job.Json.Slice(job.FirstArg.Start, job.FirstArg.Length);
        var named = JobJson.Edit(argument, new JobEdit().Set("job_id", id.ToString("D")).Set("queue_name", ""));
        edit.SetRaw("args", [.. "["u8, .. named.Span, .. "]"u8]);

        var rest = JobJson.Edit(job.Json, edit);
        var args = JobJson.Find(rest, "args");
        var name = ActiveJobArguments.QueueName(rest.Slice(args.Start, args.Length));
        var inside = args.Start + name.Start;
        var json = rest.Span;

        // The comma takes the place of the brace.
        return new JobTemplate(
            start,
            [.. ","u8, .. json[1..inside], .. json[(inside + name.Length)..^1], .. before],
            "}"u8.ToArray(),
            inside
        );
    }

    static byte[] Written(JobMetadata metadata)
    {
        using var text = JobText.Rent();
        metadata.Write(text);
        return text.ToArray();
    }
}
