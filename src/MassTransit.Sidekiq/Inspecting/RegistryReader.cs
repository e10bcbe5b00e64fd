using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace MassTransit.Sidekiq;

/// Reads what any Sidekiq from 6.4 on, and we, write of processes and jobs. What is missing or no JSON is left out: one bad
/// entry must not hide the others.
internal static class RegistryReader
{
    public static SidekiqEntry Entry(byte[] json, double? score, string queue) => new(json, score, Job(json, queue));

    public static SidekiqJob? Job(byte[] json, string queue)
    {
        try
        {
            return SidekiqJob.Parse(json, queue);
        }
        catch (InvalidJobException)
        {
            return null;
        }
    }

    /// How long the next job of a queue has waited.
    public static TimeSpan Latency(byte[]? next, DateTimeOffset now)
    {
        var job = next is null ? null : Job(next, "");
        var since = job?.EnqueuedAt ?? job?.CreatedAt;

        // Clocks of two machines differ.
        return since is { } time && time < now ? now - time : TimeSpan.Zero;
    }

    public static SidekiqProcessInfo Process(RegisteredProcess process)
    {
        var info = Json(process.Fields["info"]);
        var concurrency = Number(process, "concurrency");

        return new SidekiqProcessInfo
        {
            Identity = process.Identity,
            HostName = Text(info, "hostname"),
            ProcessId = Number(info, "pid"),
            Tag = Text(info, "tag"),
            Version = Text(info, "version"),
            Queues = Queues(info),
            Concurrency = (int)(concurrency ?? Number(info, "concurrency") ?? 0),
            Busy = (int)(Number(process, "busy") ?? 0),
            IsQuiet = process.Fields.TryGetValue("quiet", out var quiet) && quiet.AsSpan().SequenceEqual("true"u8),
            StartedAt = Property(info, "started_at") is { } started
                ? JobTime.Read(Encoding.UTF8.GetBytes(started.GetRawText()))
                : null,
            BeatAt = process.Fields.TryGetValue("beat", out var beat) ? JobTime.Read(beat) : null,
            ResidentBytes = (Number(process, "rss") ?? 0) * 1024,
            RoundTrip = TimeSpan.FromMicroseconds(Number(process, "rtt_us") ?? 0),
        };
    }

    public static IEnumerable<SidekiqWork> Work(RegisteredProcess process)
    {
        foreach (var (thread, json) in process.Work)
        {
            if (Json(json) is { } work && Property(work, "run_at") is { ValueKind: JsonValueKind.Number } since)
            {
                var queue = Text(work, "queue") ?? "";
                var payload = Property(work, "payload") switch
                {
                    { ValueKind: JsonValueKind.String } text => text.GetString(),
                    { } job => job.GetRawText(),
                    _ => "",
                };
                yield return new SidekiqWork(
                    process.Identity,
                    thread,
                    queue,
                    Job(Encoding.UTF8.GetBytes(payload!), queue),
                    Score.ToTime(since.GetDouble())
                );
            }
        }
    }

    /// Those of its capsules, where it no longer names them itself.
    static string[] Queues(JsonElement? info)
    {
        if (Property(info, "queues") is { ValueKind: JsonValueKind.Array } queues)
        {
            return [.. queues.EnumerateArray().Select(queue => $"{queue}")];
        }

        return Property(info, "capsules") is { ValueKind: JsonValueKind.Object } capsules
            ?
            [
                .. capsules
                    .EnumerateObject()
                    .Select(capsule => Property(capsule.Value, "weights"))
                    .Where(weights => weights is { ValueKind: JsonValueKind.Object })
                    .SelectMany(weights => weights!.Value.EnumerateObject().Select(queue => queue.Name))
                    .Distinct(StringComparer.Ordinal),
            ]
            : [];
    }

    static JsonElement? Json(byte[] text)
    {
        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    static JsonElement? Property(JsonElement? json, string name) =>
        json is { ValueKind: JsonValueKind.Object } known && known.TryGetProperty(name, out var value) ? value : null;

    static string? Text(JsonElement? json, string name) =>
        Property(json, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    static long? Number(JsonElement? json, string name) =>
        Property(json, name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var value)
            ? value
            : null;

    static long? Number(RegisteredProcess process, string field) =>
        process.Fields.TryGetValue(field, out var text) && Utf8Parser.TryParse(text, out long number, out _)
            ? number
            : null;
}
