using System.Globalization;
using System.Text;
using System.Text.Json;

namespace MassTransit.Sidekiq;

// Numbers and times for people.
internal static class Show
{
    // Of an iterable job: "1,200 of 5,000, run 3".
    public static string Progress(SidekiqIteration iteration) =>
        iteration switch
        {
            { Done: { } done, Total: { } total } => $"{Number(done)} of {Number(total)}, run {Number(iteration.Runs)}",
            { Done: { } done } => $"{Number(done)}, run {Number(iteration.Runs)}",
            _ => $"run {Number(iteration.Runs)}",
        };

    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    // For links and fields.
    public static string Plain(long number) => number.ToString(CultureInfo.InvariantCulture);

    // A number that was counted as far as the limit.
    public static string Bounded(int number, int limit) => number < limit ? Number(number) : $"{Number(limit)} or more";

    // "1 job is", "3 jobs are".
    public static string Jobs(long count) => $"{Number(count)} {(count == 1 ? "job is" : "jobs are")}";

    // "no job waits", "1 job waits", "3 jobs wait".
    public static string Waiting(long count) =>
        count switch
        {
            0 => "no job waits",
            1 => "1 job waits",
            _ => $"{Number(count)} jobs wait",
        };

    public static string Milliseconds(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.0} ms");

    public static string Time(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? "";

    // As the clocks of a zone show it, with their offset.
    public static string Local(DateTimeOffset time) =>
        time.ToString("ddd yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture);

    public static string Iso(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string Age(TimeSpan age) =>
        age switch
        {
            { TotalSeconds: < 1 } => $"{age.TotalMilliseconds:0} ms",
            { TotalSeconds: < 90 } => $"{age.TotalSeconds:0} s",
            { TotalMinutes: < 90 } => $"{age.TotalMinutes:0} min",
            { TotalHours: < 48 } => $"{age.TotalHours:0} h",
            _ => $"{age.TotalDays:0} days",
        };

    public static string Ago(DateTimeOffset? time, DateTimeOffset now) =>
        time is not { } at ? ""
        : at > now ? $"in {Age(at - now)}"
        : $"{Age(now - at)} ago";

    public static string Bytes(long? bytes) =>
        bytes switch
        {
            null => "",
            < 1024 => $"{bytes} B",
            < 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.#} KB"),
            < 1024L * 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.#} MB"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1073741824.0:0.##} GB"),
        };

    // The arguments on one line, cut where they are long.
    public static string Arguments(SidekiqJob job) => Cut(Encoding.UTF8.GetString(job.Args.Span));

    public static string Cut(string? text, int most = 160) =>
        text is null || text.Length <= most ? text ?? "" : text[..most] + "…";

    // As a part of one line of a log: what a visitor sends may have lines of its own, and a million characters.
    public static string Line(string text) =>
        string.Concat(Cut(text, 2000).Select(letter => char.IsControl(letter) ? ' ' : letter));

    // The queue a job of a set goes to when its time has come.
    public static string Queue(SidekiqEntry entry) =>
        entry.Job is { } job && job.TryGet("queue", out var queue) ? JobSlice.Text(queue) ?? "" : "";

    public static string MessageType(SidekiqOutboxFault fault) =>
        fault.MessageType.Length > 0 ? fault.MessageType : "(no type)";

    // What people call it.
    public static string Batch(SidekiqBatch batch) => Cut(batch.Description ?? batch.Id);

    public static string Class(SidekiqEntry entry) => entry.Job?.Wrapped ?? entry.Job?.Class ?? "(no job)";

    // JSON with lines and spaces, or the string itself where it is none.
    public static string Indented(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = JobReader.MaxDepth });
            using var text = new MemoryStream();
            using (
                var writer = new Utf8JsonWriter(
                    text,
                    new JsonWriterOptions
                    {
                        Indented = true,
                        MaxDepth = JobReader.MaxDepth,
                        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
                    }
                )
            )
            {
                document.WriteTo(writer);
            }

            return Encoding.UTF8.GetString(text.ToArray());
        }
        catch (Exception unreadable)
            when (unreadable is JsonException or InvalidOperationException or ArgumentException)
        {
            return json;
        }
    }

    public static bool IsOfNet(SidekiqProcessInfo process) =>
        process.Version?.StartsWith("MassTransit.Sidekiq", StringComparison.Ordinal) == true;
}
