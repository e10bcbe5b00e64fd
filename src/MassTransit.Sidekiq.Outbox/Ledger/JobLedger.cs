using System.Text;

namespace MassTransit.Sidekiq;

// A job that was pushed and is kept until it is completed.
internal sealed record KeptJob(
    string Jid,
    Guid MessageId,
    string Queue,
    ReadOnlyMemory<byte> Json,
    DateTimeOffset? Due
);

// The form of a job in the ledger of an outbox, and how a row becomes a job again. The job itself names the ledger, so
// that its consumer, here or in Ruby, knows where to record that it is done.
internal sealed class JobLedger(string name)
{
    public string Name => name;

    public void Mark(JobDraft draft) => (draft.Metadata ??= new JobMetadata()).Ledger = name;

    // The same for a job that is already written.
    public ReadOnlyMemory<byte> Mark(ReadOnlyMemory<byte> job)
    {
        var metadata = SidekiqJob.Parse(job, queue: "").Metadata ?? new JobMetadata();
        metadata.Ledger = name;
        using var text = JobText.Rent();
        metadata.Write(text);

        return JobJson.Edit(job, new JobEdit().SetRaw(JobFields.Metadata, text.Written));
    }

    // The copies that the publish script made of a template, each `queue|Class`.
    public static IEnumerable<KeptJob> Copies(PublishRequest request, IEnumerable<string> copies) =>
        copies
            .Where(IsStorable)
            .Select(target =>
            {
                var bar = target.IndexOf('|', StringComparison.Ordinal);
                var (queue, jobClass) = (target[..bar], target[(bar + 1)..]);
                var jid = JobId.From(request.MessageId, queue, jobClass);

                return new KeptJob(
                    jid,
                    request.MessageId,
                    queue,
                    request.Template.Fill(queue, jobClass, jid),
                    request.Due
                );
            });

    // A subscriber may use a queue name that no database can store.
    static bool IsStorable(string target) => !target.Contains('\0', StringComparison.Ordinal);

    // To a queue, now.
    public static ReadOnlyMemory<byte> Pushed(OutboxLedger row, DateTimeOffset now, SidekiqTimeFormat times) =>
        JobJson.Edit(Json(row), new JobEdit().Set("enqueued_at", now, times));

    // Whether the row can be pushed again at all.
    public static bool HoldsJob(OutboxLedger row)
    {
        try
        {
            var job = SidekiqJob.Parse(Json(row), row.Queue);
            return job.Jid == row.Jid && row.Queue.Length > 0 && job.Metadata?.SchedulingToken != Guid.Empty;
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            // Written by another application; the reason does not matter.
            return false;
        }
    }

    public static ReadOnlyMemory<byte> Json(OutboxLedger row) => Encoding.UTF8.GetBytes(row.Job);

    public static Guid? TokenOf(OutboxLedger row) => SidekiqJob.Parse(Json(row), row.Queue).Metadata?.SchedulingToken;
}

// How the relay records what it pushes.
internal sealed record LedgerTerms(TimeSpan Grace, string Epoch, JobLedger Ledger)
{
    public OutboxLedger Row(KeptJob job, DateTime now) =>
        new()
        {
            Jid = job.Jid,
            MessageId = job.MessageId,
            Queue = job.Queue,
            Job = Encoding.UTF8.GetString(job.Json.Span),
            SentAt = now,
            Due = job.Due?.UtcDateTime,
            NextLook = (job.Due?.UtcDateTime ?? now) + Grace,
        };
}
