using System.IO.Compression;

namespace MassTransit.Sidekiq;

/// <summary>
/// What becomes of a failed job, decided without access to Redis. Sidekiq's order (8.1):
/// 1. retry: false drops the job as it is. A job without the key is retried: Ruby may lose it, which is not worth copying.
/// 2. The failure is written into the job: queue (retry_queue if it has one), error, times, count, stack trace.
/// 3. Out of retries (with retry_for, only the time since the first failure counts; otherwise the count): dead, unless dead: false.
/// 4. Otherwise the retry set, due after the exponential backoff or the user's policy.
/// </summary>
internal sealed class JobFailure(RetrySchedule schedule)
{
    const int LongestMessage = 10_000;

    public JobOutcome Decide(SidekiqJob job, Exception exception, DateTimeOffset now, JobFailureOptions options)
    {
        try
        {
            return Read(job, exception, now, options);
        }
        catch (Exception fault)
        {
            // Better dead and unchanged than lost.
            LogContext.Error?.Log(
                fault,
                "The failure of job {JobId} ({Class}) cannot be written into it: it is buried unchanged",
                job.Jid,
                job.Class
            );
            return new JobOutcome.Bury(job.Json);
        }
    }

    JobOutcome Read(SidekiqJob job, Exception exception, DateTimeOffset now, JobFailureOptions options)
    {
        var retry = job.Retry.IsAbsent ? options.Job.Retry : job.Retry;
        if (retry.IsNever)
        {
            return new JobOutcome.Discard(job.Json);
        }

        var count = job.RetryCount is { } before ? (int)Math.Min(before + 1L, int.MaxValue) : 0;
        var failed = JobJson.Edit(job.Json, Record(job, ReadableException.For(exception), now, count, options));
        if (IsExhausted(job, retry, count, now, options))
        {
            return End(job, failed, options);
        }

        var verdict = RetryIn(job, exception, count, options);
        return verdict.Kind switch
        {
            SidekiqRetryIn.Verdict.Discard => new JobOutcome.Discard(failed),
            SidekiqRetryIn.Verdict.Kill => End(job, failed, options),
            _ => Retry(job, failed, now + schedule.Delay(count, verdict.Delay), count, options),
        };
    }

    // A job that will have expired by its next attempt is not retried: a request's client gets the fault while it still waits.
    static JobOutcome Retry(
        SidekiqJob job,
        ReadOnlyMemory<byte> failed,
        DateTimeOffset due,
        int count,
        JobFailureOptions options
    ) => job.ExpiresAt <= due ? End(job, failed, options) : new JobOutcome.Retry(due, failed, count);

    static SidekiqRetryIn RetryIn(SidekiqJob job, Exception exception, int count, JobFailureOptions options)
    {
        try
        {
            return options.RetryIn?.Invoke(count, exception) ?? SidekiqRetryIn.Default;
        }
        catch (Exception fault)
        {
            LogContext.Error?.Log(
                fault,
                "RetryIn failed for job {JobId} ({Class}), which waits for Sidekiq's exponential backoff",
                job.Jid,
                job.Class
            );
            return SidekiqRetryIn.Default;
        }
    }

    static JobEdit Record(SidekiqJob job, Exception exception, DateTimeOffset now, int count, JobFailureOptions options)
    {
        var format = options.TimeFormat;
        var edit = new JobEdit()
            .To(job, job.RetryQueue ?? options.Job.RetryQueue ?? job.Queue)
            .Set("error_message", Shorten(exception.Message ?? ""))
            .Set("error_class", Harmless(ReadableException.ClassOf(exception)));

        if (job.UniqueFor is not null && (job.RetryQueue ?? options.Job.RetryQueue) is not null)
        {
            JobMoves.KeepLock(edit, job);
        }

        // The Web UI cannot show an entry without the time of its first failure, so a job that lost it gets a new one.
        if (job.RetryCount is null || job.FailedAt is null)
        {
            edit.Set("failed_at", now, format);
        }

        edit.Set("retry_count", count);
        if (job.RetryCount is not null)
        {
            edit.Set("retried_at", now, format);
        }

        var lines = (job.Backtrace ?? options.Job.Backtrace ?? SidekiqBacktrace.None).Lines;
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
        // A number in the job itself takes precedence over a window that only its worker configures.
        if ((job.RetryFor ?? (job.Retry.Limit is null ? options.Job.RetryFor : null)) is { } window)
        {
            return job.RetryCount is not null && now - job.FailedAt > window;
        }

        return count >= (retry.Limit ?? options.Limit ?? RetrySchedule.DefaultLimit);
    }

    static JobOutcome End(SidekiqJob job, ReadOnlyMemory<byte> failed, JobFailureOptions options) =>
        (job.Dead ?? options.Job.Dead ?? true) ? new JobOutcome.Bury(failed) : new JobOutcome.Discard(failed);

    static string Shorten(string message)
    {
        if (message.Length <= LongestMessage)
        {
            return message;
        }

        // Ruby counts characters, not UTF-16 units, and half of a surrogate pair must not reach it.
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
                // Without its message: Sidekiq's Web UI shows these lines as HTML, and a message may hold untrusted input.
                yield return Harmless($"caused by {ReadableException.ClassOf(current)}");
            }

            foreach (
                var line in (current.StackTrace ?? "").Split(
                    '\n',
                    StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries
                )
            )
            {
                yield return Harmless(line);
            }
        }
    }

    // Sidekiq's Web UI prints these unescaped (up to 6.4.1 the class as well), so they must not hold a tag. Names of lambdas and
    // state machines read just as well with these brackets.
    static string Harmless(string text) => text.Replace('<', '‹').Replace('>', '›');

    // Base64 of a zlib-compressed JSON array, which the Web UI unpacks; plain deflate or gzip would break its page.
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

// Where a failed job goes, and in what form.
internal abstract record JobOutcome(ReadOnlyMemory<byte> Json)
{
    internal sealed record Retry(DateTimeOffset Due, ReadOnlyMemory<byte> Json, int Count) : JobOutcome(Json);

    internal sealed record Bury(ReadOnlyMemory<byte> Json) : JobOutcome(Json);

    internal sealed record Discard(ReadOnlyMemory<byte> Json) : JobOutcome(Json);
}
