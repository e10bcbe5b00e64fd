using System.Text;

namespace MassTransit.Sidekiq;

// A job in a list; all but its key and its time is null for an entry that is not a job. The arguments are a string that holds their JSON as it is
// stored: its numbers may be larger than a client can hold. They and the error message are cut where they are long.
internal sealed record JobView(
    string? Key,
    DateTime? At,
    string? Jid,
    string? Class,
    string? WrappedBy,
    string? Queue,
    string? Arguments,
    IReadOnlyList<string> Tags,
    DateTime? CreatedAt,
    DateTime? EnqueuedAt,
    DateTime? FailedAt,
    DateTime? RetriedAt,
    int? RetryCount,
    string? ErrorClass,
    string? ErrorMessage,
    bool IsHidden
)
{
    const int MostText = 1000;

    public static JobView Of(DashboardCall call, SidekiqEntry entry) =>
        entry.Job is { } job
            ? Of(call, job, Show.Queue(entry), MostText) with
            {
                Key = EntryKey.Of(entry),
                At = entry.At?.UtcDateTime,
            }
            : Empty with
            {
                Key = EntryKey.Of(entry),
                At = entry.At?.UtcDateTime,
            };

    // Hidden is what the option Redact hides on the pages, and tags, which an application may make from arguments.
    public static JobView Of(DashboardCall call, SidekiqJob job, string queue, int most)
    {
        var isHidden = call.IsRedacted(job);
        return new(
            Key: null,
            At: null,
            job.Jid,
            job.Wrapped ?? job.Class,
            job.Wrapped is null ? null : job.Class,
            queue,
            isHidden ? null : Show.Cut(Encoding.UTF8.GetString(call.Shown(job).Args.Span), most),
            isHidden ? [] : job.Tags,
            job.CreatedAt?.UtcDateTime,
            job.EnqueuedAt?.UtcDateTime,
            job.FailedAt?.UtcDateTime,
            job.RetriedAt?.UtcDateTime,
            job.RetryCount,
            job.ErrorClass,
            isHidden || job.ErrorMessage is null ? null : Show.Cut(job.ErrorMessage, most),
            isHidden
        );
    }

    static JobView Empty { get; } =
        new(null, null, null, null, null, null, null, [], null, null, null, null, null, null, null, IsHidden: false);

    // A job that runs: it is in no set and no queue.
    public static JobView? Of(DashboardCall call, SidekiqWork work) =>
        work.Job is { } job ? Of(call, job, work.Queue, MostText) : null;
}

// All of a job, uncut, with its backtrace as lines and the job as it is stored; null is what is hidden or not there.
internal sealed record JobDetailsView(
    JobView Job,
    IReadOnlyList<string> Backtrace,
    Guid? MessageId,
    Guid? CorrelationId,
    Guid? ConversationId,
    string? BatchId,
    string? TraceParent,
    string? TraceLink,
    string? LogLink,
    string? Raw
)
{
    public static JobDetailsView Of(DashboardCall call, JobModel model)
    {
        if (model.Entry.Job is not { } job)
        {
            return new(JobView.Of(call, model.Entry), [], null, null, null, null, null, null, null, model.Entry.Text);
        }

        var isHidden = call.IsRedacted(job);
        return new(
            JobView.Of(call, job, Show.Queue(model.Entry), int.MaxValue) with
            {
                Key = model.Key,
                At = model.Entry.At?.UtcDateTime,
            },
            isHidden ? [] : Sidekiq.Backtrace.Of(job),
            job.Metadata?.MessageId,
            job.Metadata?.CorrelationId,
            job.Metadata?.ConversationId,
            job.BatchId,
            job.TraceParent,
            call.Options.TraceLink?.Invoke(job),
            call.Options.LogLink?.Invoke(job),
            isHidden ? null : call.Shown(job).RawJson
        );
    }
}
