using System.IO.Compression;
using System.Runtime.InteropServices;

namespace MassTransit.Sidekiq;

/// What becomes of a failed job, decided without touching Redis. Sidekiq's order (8.1):
/// 1. retry: false drops the job as it is. A job that does not say is retried: in Ruby it may be lost, which is no behaviour to copy.
/// 2. The failure is written into the job: queue (retry_queue if it has one), error, times, count, stack trace.
/// 3. Out of retries (retry_for counts time since the first failure and nothing else; otherwise the count): dead, unless dead: false.
/// 4. Else the retry set, at the time that the curve or the user's policy gives.
internal sealed class JobFailure(RetrySchedule schedule)
{
    const int LongestMessage = 10_000;

    public JobOutcome Decide(SidekiqJob job, Exception exception, DateTimeOffset now, JobFailureOptions options)
    {
        var retry = job.Retry.IsAbsent ? options.Retry : job.Retry;
        if (retry.IsNever)
        {
            return new JobOutcome.Discard(job.Json);
        }

        var count = job.RetryCount is { } before ? (int)Math.Min(before + 1L, int.MaxValue) : 0;
        var failed = JobJson.Edit(job.Json, Record(job, exception, now, count, options));
        if (IsExhausted(job, retry, count, now, options))
        {
            return End(job, failed, options);
        }

        var verdict = options.RetryIn?.Invoke(count, exception) ?? SidekiqRetryIn.Default;
        return verdict.Kind switch
        {
            SidekiqRetryIn.Verdict.Discard => new JobOutcome.Discard(failed),
            SidekiqRetryIn.Verdict.Kill => End(job, failed, options),
            _ => new JobOutcome.Retry(now + schedule.Delay(count, verdict.Delay), failed, count),
        };
    }

    static JobEdit Record(SidekiqJob job, Exception exception, DateTimeOffset now, int count, JobFailureOptions options)
    {
        var format = options.TimeFormat;
        var edit = new JobEdit()
            .Set("queue", job.RetryQueue ?? options.RetryQueue ?? job.Queue)
            .Set("error_message", Shorten(exception.Message))
            .Set("error_class", exception.GetType().FullName ?? exception.GetType().Name);

        // The Web UI cannot show an entry without the time of its first failure, so one that lost it gets a new one.
        if (job.RetryCount is null || job.FailedAt is null)
        {
            edit.Set("failed_at", now, format);
        }

        edit.Set("retry_count", count);
        if (job.RetryCount is not null)
        {
            edit.Set("retried_at", now, format);
        }

        var lines = (job.Backtrace ?? options.Backtrace).Lines;
        return lines > 0 ? edit.Set("error_backtrace", Compress(StackTrace(exception).Take(lines))) : edit;
    }

    static bool IsExhausted(
        SidekiqJob job,
        SidekiqRetry retry,
        int count,
        DateTimeOffset now,
        JobFailureOptions options
    )
    {
        if ((job.RetryFor ?? options.RetryFor) is { } window)
        {
            return job.RetryCount is not null && now - job.FailedAt > window;
        }

        return count >= (retry.Limit ?? options.Limit);
    }

    static JobOutcome End(SidekiqJob job, ReadOnlyMemory<byte> failed, JobFailureOptions options) =>
        (job.Dead ?? options.Dead) ? new JobOutcome.Bury(failed) : new JobOutcome.Discard(failed);

    static string Shorten(string message)
    {
        if (message.Length <= LongestMessage)
        {
            return message;
        }

        // Ruby counts characters, not UTF-16 units, and must not get half of one.
        var length = 0;
        foreach (var rune in message.EnumerateRunes().Take(LongestMessage))
        {
            length += rune.Utf16SequenceLength;
        }

        return message[..length];
    }

    static IEnumerable<string> StackTrace(Exception exception)
    {
        for (var current = exception; current is not null; current = current.InnerException)
        {
            if (!ReferenceEquals(current, exception))
            {
                yield return $"caused by {current.GetType().FullName}: {current.Message}";
            }

            foreach (
                var line in (current.StackTrace ?? "").Split(
                    '\n',
                    StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries
                )
            )
            {
                yield return line;
            }
        }
    }

    /// Base64 of zlib of a JSON list, which the Web UI unpacks; plain deflate or gzip would break its page.
    static string Compress(IEnumerable<string> lines)
    {
        using var text = JobText.Rent();
        text.Strings(lines);
        using var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            zlib.Write(text.Written);
        }

        return Convert.ToBase64String(compressed.GetBuffer(), 0, (int)compressed.Length);
    }
}

/// Where a failed job goes, and as what.
internal abstract record JobOutcome(ReadOnlyMemory<byte> Json)
{
    internal sealed record Retry(DateTimeOffset Due, ReadOnlyMemory<byte> Json, int Count) : JobOutcome(Json);

    internal sealed record Bury(ReadOnlyMemory<byte> Json) : JobOutcome(Json);

    internal sealed record Discard(ReadOnlyMemory<byte> Json) : JobOutcome(Json);
}

/// What an endpoint or consumer says where the job itself does not.
internal sealed record JobFailureOptions
{
    public SidekiqRetry Retry { get; init; } = SidekiqRetry.Default;

    /// The number that retry: true stands for.
    public int Limit { get; init; } = RetrySchedule.DefaultLimit;

    public TimeSpan? RetryFor { get; init; }

    public string? RetryQueue { get; init; }

    public bool Dead { get; init; } = true;

    public SidekiqBacktrace Backtrace { get; init; }

    public SidekiqTimeFormat TimeFormat { get; init; }

    /// Sidekiq's sidekiq_retry_in: asked for each retry with its count and the exception.
    public Func<int, Exception, SidekiqRetryIn>? RetryIn { get; init; }
}

/// The answer to how long a job waits.
[StructLayout(LayoutKind.Auto)]
internal readonly record struct SidekiqRetryIn(SidekiqRetryIn.Verdict Kind, TimeSpan? Delay)
{
    internal enum Verdict
    {
        Default,
        After,
        Discard,
        Kill,
    }

    public static SidekiqRetryIn Default => default;

    public static SidekiqRetryIn Discard => new(Verdict.Discard, null);

    public static SidekiqRetryIn Kill => new(Verdict.Kill, null);

    /// As Sidekiq: what is not positive means the curve.
    public static SidekiqRetryIn After(TimeSpan delay) => delay > TimeSpan.Zero ? new(Verdict.After, delay) : default;
}
