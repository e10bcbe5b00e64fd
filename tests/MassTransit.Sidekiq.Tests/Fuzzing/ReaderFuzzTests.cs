using System.Text;
using System.Text.Json;

namespace MassTransit.Sidekiq.Tests.Fuzzing;

/// <summary>
/// No text that stands in Redis throws anything out of its reader but what the reader says. A failure names the seed and the
/// text: make it a named test beside the others of that reader.
/// </summary>
public sealed class ReaderFuzzTests
{
    const int Inputs = 27_000;

    static readonly Redaction redaction = Redacting();
    static readonly DateTimeOffset now = TestClock.Start;
    static readonly JobFailure failures = new(new RetrySchedule(new Random(1)));
    static readonly JobContracts contracts = new();
    static readonly JobContract[] shapes =
    [
        contracts.For<Parcel>(),
        contracts.For<Fuzzed.Positional>(),
        contracts.For<Fuzzed.ActiveJob>(),
        contracts.For<Fuzzed.PositionalActiveJob>(),
    ];

    [Fact]
    public void Job_is_read_edited_failed_and_moved() => Fuzz(SeedTexts.Jobs, Inputs, Job);

    [Fact]
    public void Arguments_are_a_message_or_do_not_fit() => Fuzz(SeedTexts.Jobs, Inputs, Arguments);

    [Fact]
    public void Periodic_job_is_read_and_run_or_refused() => Fuzz(SeedTexts.Periodic, Inputs / 2, Periodic);

    [Fact]
    public void Process_is_listed() =>
        Fuzz(
            SeedTexts.Infos,
            Inputs / 2,
            (info, mutator) => Process(info, mutator.Mutate(SeedTexts.Works[0]), mutator)
        );

    [Fact]
    public void Work_is_listed() =>
        Fuzz(SeedTexts.Works, Inputs / 4, (work, mutator) => Process(SeedTexts.Infos[0], work, mutator));

    [Fact]
    public void Cron_line_is_a_schedule_or_refused() =>
        Fuzz(
            ["*/5 0-12/3 1,15 JAN-MAR MON"u8.ToArray(), "0 30 2 ? * SUN"u8.ToArray(), "@daily"u8.ToArray()],
            Inputs / 4,
            (cron, _) =>
            {
                try
                {
                    var schedule = CronSchedule.Parse(Encoding.UTF8.GetString(cron), "America/St_Johns");
                    schedule.Next(now);
                    schedule.Last(now - TimeSpan.FromDays(400), now);
                    schedule.Next(DateTimeOffset.MaxValue);
                    schedule.Next(DateTimeOffset.MinValue);
                }
                catch (FormatException)
                {
                    // As it says.
                }
            }
        );

    [Fact]
    public void Time_is_read_or_none() =>
        Fuzz(["1000000000.5"u8.ToArray(), "\"1000000000\""u8.ToArray()], Inputs / 4, (time, _) => JobTime.Read(time));

    static Redaction Redacting()
    {
        var contracts = new JobContracts();
        contracts.Job<Hidden>(job => job.Class("Reports::Nightly").ActiveJob().Alias("Shop::Parcel"));
        return new Redaction(contracts, hides: null);
    }

    internal sealed record Hidden([SidekiqSecret] string? SendTo, int ForYear);

    static void Job(byte[] text, Mutator mutator)
    {
        DueMove.Of(text, now, default, givesBackAttempt: true);
        SidekiqJob job;
        try
        {
            job = SidekiqJob.Parse(text, "parcels");
        }
        catch (InvalidJobException)
        {
            return;
        }

        _ = (job.Class, job.Wrapped, job.Jid, job.Retry, job.RetryCount, job.CreatedAt, job.EnqueuedAt, job.FailedAt);
        _ = (job.RetriedAt, job.ErrorClass, job.ErrorMessage, job.Tags, job.Backtrace, job.RetryFor, job.RetryQueue);
        _ = (job.Dead, job.TraceParent, job.TraceState, job.RawJson, job.UnknownFields.Count());
        _ = (ProcessInfo.Work(job, now), DueMove.QueueOf(job));
        _ = (job.ActiveJob, job.Locale, job.CurrentAttributes.Count, redaction.Of(job));
        var headers = new JobHeaders(job, shapes[0], new Uri("sidekiq://localhost/"));
        _ = headers.GetAll().Count();
        foreach (
            var header in new[] { MessageHeaders.MessageId, MessageHeaders.MessageType, MessageHeaders.ResponseAddress }
        )
        {
            headers.TryGetHeader(header, out _);
        }

        // What was written is a job again, and the same one.
        var failed = failures.Decide(job, new InvalidOperationException("\ud800"), now, JobFailureOptions.None);
        Same(job, failed.Json);
        Same(job, JobMoves.Enqueued(job, now, default, givesBackAttempt: true));
        Same(job, JobMoves.ToQueue(job, "other", [KeyValuePair.Create<string, object>("h", "\ud800")], now, default));
    }

    static void Same(SidekiqJob job, ReadOnlyMemory<byte> written)
    {
        var again = SidekiqJob.Parse(written, job.Queue);
        Assert.Equal(job.Jid, again.Jid);
        Assert.Equal(job.Class, again.Class);
        Assert.Equal(Args(job), Args(again));
    }

    // An ActiveJob names its queue in its arguments, which a move changes.
    static byte[] Args(SidekiqJob job)
    {
        if (job is not { HasArgumentList: true, Class: { } jobClass } || !ActiveJobWrapper.Is(jobClass))
        {
            return job.Args.ToArray();
        }

        using var text = JobText.Rent();
        ActiveJobWrapper.WriteArgs(text, job.Args, isActiveJob: true, "any");
        return text.ToArray();
    }

    static void Arguments(byte[] text, Mutator mutator)
    {
        SidekiqJob job;
        try
        {
            job = SidekiqJob.Parse(text, "parcels");
        }
        catch (InvalidJobException)
        {
            return;
        }

        foreach (var contract in shapes)
        {
            try
            {
                var message = new JobMessageBody(job, contract, endpoint: null!).Json;
                JsonDocument
                    .Parse(
                        message,
                        new JsonDocumentOptions { MaxDepth = 200, CommentHandling = JsonCommentHandling.Skip }
                    )
                    .Dispose();
            }
            catch (JobArgumentsException)
            {
                // As it says.
            }
        }
    }

    static void Periodic(byte[] text, Mutator mutator)
    {
        try
        {
            var periodic = PeriodicJob.Read("App:a", text);
            var run = periodic.Schedule.Last(now - periodic.CatchUp, now);
            periodic.Next(now);
            _ = PeriodicRun.Request(periodic, run ?? now, now, default).Template.Fill("q", "A", "1");
            Assert.Equal(periodic.Cron, PeriodicJob.Read("App:a", periodic.Write()).Cron);
        }
        catch (FormatException)
        {
            // As it says.
        }
    }

    static void Process(byte[] info, byte[] work, Mutator mutator)
    {
        var fields = new Dictionary<string, byte[]>(StringComparer.Ordinal) { ["info"] = info };
        foreach (var field in new[] { "concurrency", "busy", "beat", "rss", "rtt_us", "quiet" })
        {
            fields[field] = mutator.Odd();
        }

        var process = new RegisteredProcess("web:7:a", fields, [("1", work)]);
        Assert.Equal("web:7:a", RegistryReader.Process(process).Identity);
        _ = RegistryReader.Work(process).Count(row => row.RunAt <= now);
        new QueueState("parcels", 1, work, IsPaused: false).Latency(now);
    }

    static void Fuzz(byte[][] seeds, int inputs, Action<byte[], Mutator> read)
    {
        foreach (var seed in FuzzRun.Seeds())
        {
            var mutator = new Mutator(seed);
            for (var input = 0; input < inputs; input++)
            {
                var text = mutator.Mutate(seeds[input % seeds.Length]);
                try
                {
                    read(text, mutator);
                }
                catch (Exception fault)
                {
                    Assert.Fail(
                        $"SIDEKIQ_FUZZ_SEED={seed}, input {input}: {fault}\n{Encoding.Latin1.GetString(text)}\n{Convert.ToBase64String(text)}"
                    );
                }
            }
        }
    }
}

/// <summary>A message in each shape of arguments.</summary>
public static class Fuzzed
{
    [SidekiqJob("Shop::A", Args = SidekiqArgs.Positional)]
    public sealed record Positional(int Id, string? Note = null, DateTimeOffset? At = null);

    [SidekiqJob("Shop::B", Args = SidekiqArgs.ActiveJob)]
    public sealed record ActiveJob(int Id, string? Note = null, DateTimeOffset? At = null);

    [SidekiqJob("Shop::C", Args = SidekiqArgs.ActiveJobPositional)]
    public sealed record PositionalActiveJob(int Id, string? Note = null, DateTimeOffset? At = null);
}
