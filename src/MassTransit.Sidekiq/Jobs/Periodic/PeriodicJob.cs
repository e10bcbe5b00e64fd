using System.Runtime.InteropServices;
using System.Text.Json;

namespace MassTransit.Sidekiq;

// A periodic job as stored in Redis: when it runs, where it goes, and the job itself without what each run sets anew.
// Whichever process finds it due runs it, whether or not its code knows the message.
internal sealed record PeriodicJob
{
    // No real job needs more; a configured 1e300 means this.
    static readonly TimeSpan longestCatchUp = TimeSpan.FromDays(3660);

    // Unique across applications: "OrdersApi:nightly".
    public required string Id { get; init; }

    public required string Cron { get; init; }

    public required string TimeZone { get; init; }

    // How late a missed run is still caught up.
    public TimeSpan CatchUp { get; init; } = TimeSpan.FromHours(1);

    // The application whose code declares it and may remove it; null for a job that was scheduled at run time.
    public string? Owner { get; init; }

    public DateTimeOffset? From { get; init; }

    public DateTimeOffset? Until { get; init; }

    public string? Description { get; init; }

    public required PeriodicTarget Target { get; init; }

    public required ReadOnlyMemory<byte> Job { get; init; }

    public CronSchedule Schedule => CronSchedule.Parse(Cron, TimeZone);

    // The first run after an instant, between the job's start and end.
    public DateTimeOffset? Next(DateTimeOffset after)
    {
        var start = From is { } from && from > after ? from.AddSeconds(-1) : after;
        return Schedule.Next(start) is { } next && !(next > Until) ? next : null;
    }

    // The part of the job that is stored: what all runs have in common.
    public static byte[] CommonOf(JobDraft draft)
    {
        (draft.CreatedAt, draft.EnqueuedAt, draft.TraceParent) = (null, null, null);
        if (draft.Metadata is { } metadata)
        {
            (metadata.MessageId, metadata.ConversationId, metadata.ExpiresAt) = (null, null, null);
        }

        return JobWriter.WriteRest(draft, withArgs: true);
    }

    public byte[] Write()
    {
        using var text = JobText.Rent();
        text.Raw("{\"cron\":"u8);
        text.String(Cron);
        text.Raw(",\"tz\":"u8);
        text.String(TimeZone);
        text.Raw(",\"late\":"u8);
        text.Number((long)CatchUp.TotalSeconds);
        text.Member(",\"by\":"u8, Owner);
        text.Member(",\"description\":"u8, Description);
        Write(text, ",\"from\":"u8, From);
        Write(text, ",\"until\":"u8, Until);
        text.Member(",\"queue\":"u8, Target.Queue);
        text.Member(",\"topic\":"u8, Target.Topic);
        if (Target.Static is { } subscription)
        {
            text.Raw(",\"static\":"u8);
            text.Strings([subscription.Queue, subscription.Class]);
        }

        text.Raw(",\"job\":"u8);
        text.Raw(Job.Span);
        text.Raw("}"u8);
        return text.ToArray();
    }

    // Throws FormatException: not a periodic job; the message gives the reason.
    public static PeriodicJob Read(string id, ReadOnlyMemory<byte> json)
    {
        try
        {
            var fields = JobJson.Object(json);
            var periodic = new PeriodicJob
            {
                Id = id,
                Cron = Text(fields, "cron") ?? throw new FormatException("It has no cron expression."),
                TimeZone = Text(fields, "tz") ?? "Etc/UTC",
                CatchUp = TimeSpan.FromSeconds(
                    Math.Clamp(Number(fields, "late") ?? 3600, 0, longestCatchUp.TotalSeconds)
                ),
                Owner = Text(fields, "by"),
                Description = Text(fields, "description"),
                From = Time(fields, "from"),
                Until = Time(fields, "until"),
                Target = PeriodicTarget.Read(fields),
                Job = fields.TryGetValue("job", out var job)
                    ? JsonMarshal.GetRawUtf8Value(job).ToArray()
                    : throw new FormatException("It has no job."),
            };

            _ = periodic.Schedule;
            return SidekiqJob.Parse(periodic.Job, queue: "").Class is null
                ? throw new FormatException("Its job has no class.")
                : periodic;
        }
        catch (Exception fault) when (fault is not FormatException)
        {
            // No entry may make its reader throw anything else: it would stay due forever and hide the others in a listing.
            throw new FormatException(fault.Message, fault);
        }
    }

    public static string? Text(Dictionary<string, JsonElement> fields, string key) =>
        fields.TryGetValue(key, out var value) ? JobSlice.Text(value) : null;

    static double? Number(Dictionary<string, JsonElement> fields, string key) =>
        fields.TryGetValue(key, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    static DateTimeOffset? Time(Dictionary<string, JsonElement> fields, string key) =>
        Number(fields, key) is { } seconds ? Score.ToTime(seconds) : null;

    static void Write(JobText text, ReadOnlySpan<byte> key, DateTimeOffset? value)
    {
        if (value is { } time)
        {
            text.Raw(key);
            text.Time(time, SidekiqTimeFormat.FloatSeconds);
        }
    }
}

// A queue, or the subscribers of a topic and the queue of the message's contract.
internal sealed record PeriodicTarget
{
    public string? Queue { get; init; }

    public string? Topic { get; init; }

    public (string Queue, string Class)? Static { get; init; }

    public static PeriodicTarget Read(Dictionary<string, JsonElement> fields)
    {
        var target = new PeriodicTarget
        {
            Queue = PeriodicJob.Text(fields, "queue"),
            Topic = PeriodicJob.Text(fields, "topic"),
            Static =
                fields.TryGetValue("static", out var list)
                && list.ValueKind == JsonValueKind.Array
                && list.GetArrayLength() == 2
                && (JobSlice.Text(list[0]), JobSlice.Text(list[1])) is ({ } queue, { } jobClass)
                    ? (queue, jobClass)
                    : null,
        };

        return target is { Queue: null, Topic: null }
            ? throw new FormatException("It has neither queue nor topic.")
            : target;
    }
}
