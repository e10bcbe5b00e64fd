using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace MassTransit.Sidekiq;

// Reads the processes and jobs that Sidekiq from 6.4 on, and this library, write. Fields that are missing or not JSON are
// omitted: one bad entry must not hide the others.
internal static class RegistryReader
{
    public static SidekiqEntry Entry(byte[] json, double? score, string queue) =>
        new(json, score, SidekiqJob.TryParse(json, queue));

    public static SidekiqProcessInfo Process(RegisteredProcess process)
    {
        var info = Object(process.Fields["info"]);

        return new SidekiqProcessInfo
        {
            Identity = process.Identity,
            HostName = Text(info, "hostname"),
            ProcessId = Number(info, "pid"),
            Tag = Text(info, "tag"),
            Version = Text(info, "version"),
            Queues = Queues(info),
            Concurrency = Count(Number(process, "concurrency") ?? Number(info, "concurrency")),
            Busy = Count(Number(process, "busy")),
            IsQuiet = process.Fields.TryGetValue("quiet", out var quiet) && quiet.AsSpan().SequenceEqual("true"u8),
            StartedAt = info.TryGetValue("started_at", out var started) ? JobTime.Read(Raw(started)) : null,
            BeatAt = process.Fields.TryGetValue("beat", out var beat) ? JobTime.Read(beat) : null,
            ResidentBytes = Math.Clamp(Number(process, "rss") ?? 0, 0, long.MaxValue / 1024) * 1024,
            RoundTrip = TimeSpan.FromMicroseconds(Math.Clamp(Number(process, "rtt_us") ?? 0, 0, int.MaxValue)),
            Lease = process.Lease,
        };
    }

    public static IEnumerable<SidekiqWork> Work(RegisteredProcess process)
    {
        foreach (var (thread, json) in process.Work)
        {
            var work = Object(json);
            if (work.TryGetValue("run_at", out var since) && since.ValueKind == JsonValueKind.Number)
            {
                var queue = Text(work, "queue") ?? "";
                var payload = work.GetValueOrDefault("payload") switch
                {
                    { ValueKind: JsonValueKind.Undefined } => [],
                    { ValueKind: JsonValueKind.String } text => Encoding.UTF8.GetBytes(JobSlice.Text(text)!),
                    var job => Raw(job).ToArray(),
                };
                yield return new SidekiqWork(
                    process.Identity,
                    thread,
                    queue,
                    SidekiqJob.TryParse(payload, queue),
                    Score.ToTime(since.GetDouble())
                );
            }
        }
    }

    // The queues of its capsules, if the process no longer lists them itself.
    static string[] Queues(Dictionary<string, JsonElement> info)
    {
        if (info.TryGetValue("queues", out var queues) && queues.ValueKind == JsonValueKind.Array)
        {
            return [.. queues.EnumerateArray().Select(JobSlice.Text).OfType<string>()];
        }

        return info.TryGetValue("capsules", out var capsules)
            ?
            [
                .. Object(capsules)
                    .Values.Select(capsule => Object(capsule).GetValueOrDefault("weights"))
                    .SelectMany(weights => Object(weights).Keys)
                    .Distinct(StringComparer.Ordinal),
            ]
            : [];
    }

    static Dictionary<string, JsonElement> Object(JsonElement json) =>
        json.ValueKind == JsonValueKind.Object ? Object(Raw(json).ToArray()) : [];

    static Dictionary<string, JsonElement> Object(byte[] text)
    {
        try
        {
            return JobJson.Object(text);
        }
        catch (JsonException)
        {
            return [];
        }
    }

    static ReadOnlySpan<byte> Raw(JsonElement json) => JsonMarshal.GetRawUtf8Value(json);

    static string? Text(Dictionary<string, JsonElement> json, string name) =>
        json.TryGetValue(name, out var value) ? JobSlice.Text(value) : null;

    static long? Number(Dictionary<string, JsonElement> json, string name) =>
        json.TryGetValue(name, out var number)
        && number.ValueKind == JsonValueKind.Number
        && number.TryGetInt64(out var value)
            ? value
            : null;

    static long? Number(RegisteredProcess process, string field) =>
        process.Fields.TryGetValue(field, out var text) && Utf8Parser.TryParse(text, out long number, out _)
            ? number
            : null;

    static int Count(long? number) => (int)Math.Clamp(number ?? 0, 0, int.MaxValue);
}
