namespace MassTransit.Sidekiq;

// The job in which Rails's ActiveJob wraps its own, recognised by its class.
internal static class ActiveJobWrapper
{
    // The name that Rails itself writes up to 8.1, and that Sidekiq 6, 7 and 8 all resolve.
    public const string Name = "ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper";

    // The name that Sidekiq 8 writes.
    const string NewName = "Sidekiq::ActiveJob::Wrapper";

    public static bool Is(string jobClass) => jobClass is Name or NewName;

    // The class inside the wrapper, for a producer that omitted "wrapped".
    public static string? JobClass(SidekiqJob job)
    {
        var argument = job.Json.Slice(job.FirstArg.Start, job.FirstArg.Length);
        return argument.IsEmpty || argument.Span[0] != '{'
            ? null
            : JobSlice.Text(JobJson.Find(argument, "job_class").In(argument));
    }

    // Of a job that another client pushed: what its lock covers.
    public static string DigestOf(SidekiqJob job) =>
        LockDigest.Of(job.Args, Is(job.Class!) ? job.Wrapped ?? JobClass(job) : null);

    // The position of the queue name in the wrapper's arguments. Rails enqueues a retry there, so it must be the queue that
    // the job is really sent to, which its destination decides. Absent when there is none.
    public static JobSlice QueueName(ReadOnlyMemory<byte> args)
    {
        if (args.Length < 2 || args.Span[1] != '{')
        {
            return default;
        }

        var name = JobJson.Find(args[1..^1], "queue_name");
        return name.IsAbsent ? name : name with { Start = name.Start + 1 };
    }

    // Writes the arguments of a job; an ActiveJob's also name the queue it is sent to. Returns the offset for a queue that is
    // not known yet; 0 for none.
    public static int WriteArgs(JobText text, ReadOnlyMemory<byte> args, bool isActiveJob, string? queue)
    {
        var name = isActiveJob ? QueueName(args) : default;
        if (name.IsAbsent)
        {
            text.Raw(args.Span);
            return 0;
        }

        text.Raw(args.Span[..name.Start]);
        var inside = text.Length;
        if (queue is not null)
        {
            text.String(queue);
        }

        text.Raw(args.Span[(name.Start + name.Length)..]);
        return inside;
    }
}
