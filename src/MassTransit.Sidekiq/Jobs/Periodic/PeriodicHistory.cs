using System.Globalization;
using System.Text.Json;

namespace MassTransit.Sidekiq;

// A run as run_periodic.lua stores it: {"at":"1764000000.0","copies":1,"jobs":[["jid","queue","class"]]}.
internal static class PeriodicHistory
{
    // Null for what is not a run.
    public static SidekiqPeriodicRun? Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var run = JsonDocument.Parse(json);
            return double.TryParse(
                run.RootElement.GetProperty("at").GetString(),
                CultureInfo.InvariantCulture,
                out var seconds
            )
                ? new SidekiqPeriodicRun(
                    Score.ToTime(seconds),
                    run.RootElement.GetProperty("copies").GetInt32(),
                    Jobs(run.RootElement.GetProperty("jobs"))
                )
                : null;
        }
        catch (Exception fault)
            when (fault is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    // Lua's empty array is written as an object.
    static SidekiqPeriodicRunJob[] Jobs(JsonElement jobs) =>
        jobs.ValueKind != JsonValueKind.Array
            ? []
            :
            [
                .. jobs.EnumerateArray()
                    .Select(job => new SidekiqPeriodicRunJob(Text(job, 0), Text(job, 1), Text(job, 2))),
            ];

    static string Text(JsonElement job, int index) => job.GetArrayLength() > index ? job[index].GetString() ?? "" : "";
}
