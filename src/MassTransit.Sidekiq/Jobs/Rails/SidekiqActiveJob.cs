using System.Text.Json;
using MassTransit.Sidekiq;

namespace MassTransit;

/// <summary>
/// What ActiveJob keeps of a job inside its wrapper. A field that is missing, or that is not what Rails would write there, is null.
/// </summary>
public sealed record SidekiqActiveJob
{
    SidekiqActiveJob() { }

    /// <summary>ActiveJob's own id. It stays the same when <c>retry_on</c> enqueues the job again, which gives it another jid.</summary>
    public string? JobId { get; private init; }

    /// <summary>The queue where <c>retry_on</c> enqueues it: the one it was sent or moved to.</summary>
    public string? QueueName { get; private init; }

    /// <summary>
    /// How often Rails had begun to run it when it was enqueued. <c>retry_on</c> counts by this. Sidekiq's own retries, and runs in
    /// .NET, do not: they count in <see cref="SidekiqJob.RetryCount" />.
    /// </summary>
    public int Executions { get; private init; }

    /// <summary>How often each <c>retry_on</c> has enqueued it again, by its exceptions: <c>{"[Net::OpenTimeout]" => 2}</c>.</summary>
    public IReadOnlyDictionary<string, int> ExceptionExecutions { get; private init; } = Counts(default);

    /// <summary>The locale it was enqueued in, and runs in.</summary>
    public string? Locale { get; private init; }

    /// <summary>The time zone it was enqueued in, and runs in.</summary>
    public string? TimeZone { get; private init; }

    /// <summary>When it was enqueued.</summary>
    public DateTimeOffset? EnqueuedAt { get; private init; }

    // From the one argument of the wrapper; null when that is not an object.
    internal static SidekiqActiveJob? Read(ReadOnlyMemory<byte> argument)
    {
        if (argument.IsEmpty || argument.Span[0] != '{')
        {
            return null;
        }

        var fields = JobJson.Object(argument);
        return new SidekiqActiveJob
        {
            JobId = Text(fields, "job_id"),
            QueueName = Text(fields, "queue_name"),
            Executions = fields.TryGetValue("executions", out var count) ? Count(count) ?? 0 : 0,
            ExceptionExecutions = Counts(fields.GetValueOrDefault("exception_executions")),
            Locale = Text(fields, "locale"),
            TimeZone = Text(fields, "timezone"),
            EnqueuedAt =
                fields.TryGetValue("enqueued_at", out var time)
                && time.ValueKind == JsonValueKind.String
                && time.TryGetDateTimeOffset(out var enqueued)
                    ? enqueued
                    : null,
        };
    }

    static string? Text(Dictionary<string, JsonElement> fields, string key) =>
        fields.TryGetValue(key, out var value) ? JobSlice.Text(value) : null;

    static int? Count(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var count) ? count : null;

    static Dictionary<string, int> Counts(JsonElement value)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        if (value.ValueKind != JsonValueKind.Object)
        {
            return counts;
        }

        foreach (
            var (key, number) in JobJson.Members(
                System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(value).ToArray()
            )
        )
        {
            counts[key] = Count(number) ?? 0;
        }

        return counts;
    }
}
