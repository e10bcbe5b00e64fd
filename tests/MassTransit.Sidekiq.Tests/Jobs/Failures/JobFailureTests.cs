using System.IO.Compression;
using System.Text;
using System.Text.Json;
using FsCheck.Fluent;

namespace MassTransit.Sidekiq.Tests.Jobs;

public class JobFailureTests
{
    const string Fresh =
        """{"retry":true,"queue":"orders","args":[1],"class":"A","jid":"1","created_at":1795308424.5,"x":{"deep":1},"enqueued_at":1795308425.5}""";

    static readonly FakeClock clock = new(DateTimeOffset.FromUnixTimeSeconds(1795309000));

    [Fact]
    public void First_failure_writes_what_Sidekiq_writes()
    {
        var retry = Assert.IsType<JobOutcome.Retry>(Decide(Fresh));

        Assert.Equal(
            Fresh[..^1]
                + ""","error_message":"boom","error_class":"System.InvalidOperationException","failed_at":1795309000.0,"retry_count":0}""",
            Text(retry)
        );
        Assert.Equal(0, retry.Count);
        Assert.InRange((retry.Due - clock.GetUtcNow()).TotalSeconds, 15, 24);
    }

    [Fact]
    public void Later_failure_counts_on_and_keeps_the_time_of_the_first()
    {
        const string again =
            """{"retry":3,"queue":"orders","class":"A","failed_at":1795308425.25,"retry_count":1,"error_message":"old","error_class":"Old","retried_at":1795308500.5}""";

        var retry = Assert.IsType<JobOutcome.Retry>(Decide(again));

        Assert.Equal(
            """{"retry":3,"queue":"orders","class":"A","failed_at":1795308425.25,"retry_count":2,"error_message":"boom","error_class":"System.InvalidOperationException","retried_at":1795309000.0}""",
            Text(retry)
        );
        Assert.InRange((retry.Due - clock.GetUtcNow()).TotalSeconds, 31, 60);
    }

    [Fact]
    public void Failed_ActiveJob_names_its_retry_queue_inside_as_well()
    {
        var retry = Assert.IsType<JobOutcome.Retry>(
            Decide(
                """{"retry":true,"retry_queue":"slow","queue":"orders","class":"Sidekiq::ActiveJob::Wrapper","args":[{"job_class":"A","queue_name":"orders"}]}"""
            )
        );

        Assert.Contains("\"queue\":\"slow\"", Text(retry), StringComparison.Ordinal);
        Assert.Contains("\"queue_name\":\"slow\"", Text(retry), StringComparison.Ordinal);
    }

    [Fact]
    public void Times_are_milliseconds_when_asked_for()
    {
        var outcome = Decide(
            """{"retry_count":0,"retry":true}""",
            new() { TimeFormat = SidekiqTimeFormat.IntegerMilliseconds }
        );

        Assert.Contains("\"retried_at\":1795309000000", Text(outcome), StringComparison.Ordinal);
        Assert.Contains("\"failed_at\":1795309000000", Text(outcome), StringComparison.Ordinal);
    }

    [Fact]
    public void Retry_now_of_the_Web_UI_leaves_minus_one_which_counts_on_to_zero()
    {
        var retry = Assert.IsType<JobOutcome.Retry>(
            Decide("""{"retry":1,"failed_at":1795308425.5,"retry_count":-1}""")
        );

        Assert.Equal(0, retry.Count);
        Assert.Contains("\"failed_at\":1795308425.5,\"retry_count\":0", Text(retry), StringComparison.Ordinal);
        Assert.Contains("\"retried_at\":1795309000.0", Text(retry), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("true", null, typeof(JobOutcome.Retry))]
    [InlineData("true", 23, typeof(JobOutcome.Retry))]
    [InlineData("true", 24, typeof(JobOutcome.Bury))]
    [InlineData("0", null, typeof(JobOutcome.Bury))]
    [InlineData("1", null, typeof(JobOutcome.Retry))]
    [InlineData("1", 0, typeof(JobOutcome.Bury))]
    [InlineData("5", 3, typeof(JobOutcome.Retry))]
    [InlineData("5", 4, typeof(JobOutcome.Bury))]
    [InlineData("5", int.MaxValue, typeof(JobOutcome.Bury))]
    [InlineData("-1", null, typeof(JobOutcome.Bury))]
    [InlineData("false", null, typeof(JobOutcome.Discard))]
    [InlineData("false", 3, typeof(JobOutcome.Discard))]
    [InlineData("null", null, typeof(JobOutcome.Retry))]
    [InlineData("null", 24, typeof(JobOutcome.Bury))]
    [InlineData("\"yes\"", 24, typeof(JobOutcome.Bury))]
    public void Retries_are_counted_as_Sidekiq_counts_them(string retry, int? count, Type expected)
    {
        var failed = count is null ? "" : $$""","retry_count":{{count}},"failed_at":1795308425.5""";

        Assert.IsType(expected, Decide($$"""{"retry":{{retry}},"queue":"orders"{{failed}}}"""));
    }

    [Fact]
    public void Job_that_does_not_say_is_retried_where_Ruby_may_lose_it()
    {
        Assert.IsType<JobOutcome.Retry>(Decide("""{"class":"A"}"""));
    }

    [Fact]
    public void Endpoint_decides_for_a_job_that_does_not_say()
    {
        Assert.IsType<JobOutcome.Discard>(Decide("""{"class":"A"}""", new() { Job = new() { Retry = false } }));
        Assert.IsType<JobOutcome.Bury>(Decide("""{"class":"A"}""", new() { Job = new() { Retry = 0 } }));
        Assert.IsType<JobOutcome.Bury>(Decide("""{"retry":true,"retry_count":2}""", new() { Limit = 3 }));
        Assert.IsType<JobOutcome.Retry>(Decide("""{"retry":4,"retry_count":2}""", new() { Limit = 3 }));
    }

    [Fact]
    public void Discarded_job_is_left_as_it_is()
    {
        const string job = """{"retry":false,"class":"A"}""";

        Assert.Equal(job, Text(Assert.IsType<JobOutcome.Discard>(Decide(job))));
    }

    [Fact]
    public void Dead_job_shows_its_last_failure()
    {
        var dead = Assert.IsType<JobOutcome.Bury>(Decide("""{"retry":0,"class":"A"}"""));

        Assert.Contains("\"error_message\":\"boom\"", Text(dead), StringComparison.Ordinal);
        Assert.Contains("\"retry_count\":0", Text(dead), StringComparison.Ordinal);
    }

    [Fact]
    public void Job_that_must_not_go_to_the_dead_set_is_dropped_at_its_end()
    {
        Assert.IsType<JobOutcome.Discard>(Decide("""{"retry":0,"dead":false}"""));
        Assert.IsType<JobOutcome.Discard>(Decide("""{"retry":0}""", new() { Job = new() { Dead = false } }));
        Assert.IsType<JobOutcome.Bury>(Decide("""{"retry":0,"dead":true}""", new() { Job = new() { Dead = false } }));
    }

    [Theory]
    [InlineData("1795305401.0", typeof(JobOutcome.Retry))]
    [InlineData("1795305400.0", typeof(JobOutcome.Retry))]
    [InlineData("1795305399.9", typeof(JobOutcome.Bury))]
    [InlineData("1795305399900", typeof(JobOutcome.Bury))]
    [InlineData("253402300799000", typeof(JobOutcome.Retry))]
    public void Window_of_time_counts_from_the_first_failure(string failedAt, Type expected)
    {
        Assert.IsType(
            expected,
            Decide($$"""{"retry":true,"retry_for":3600,"retry_count":1,"failed_at":{{failedAt}}}""")
        );
    }

    [Theory]
    [InlineData("""{"retry":0,"retry_for":3600}""")]
    [InlineData("""{"retry":2,"retry_for":3600,"retry_count":40,"failed_at":1795308425.5}""")]
    [InlineData("""{"retry":true,"retry_for":3600,"retry_count":4}""")]
    [InlineData("""{"retry":true,"retry_for":3600,"failed_at":1.5}""")]
    public void Window_of_time_counts_alone(string job)
    {
        Assert.IsType<JobOutcome.Retry>(Decide(job));
    }

    [Fact]
    public void Failed_job_moves_to_its_retry_queue()
    {
        Assert.StartsWith(
            """{"queue":"low",""",
            Text(Decide("""{"queue":"orders","retry_queue":"low"}""")),
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            """{"queue":"slow",""",
            Text(Decide("""{"queue":"orders"}""", new() { Job = new() { RetryQueue = "slow" } })),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Failed_job_returns_to_the_queue_it_came_from_whatever_it_says()
    {
        Assert.StartsWith(
            """{"queue":"orders",""",
            Text(Decide("""{"queue":"elsewhere"}""")),
            StringComparison.Ordinal
        );
        Assert.Contains("\"queue\":\"orders\"", Text(Decide("{}")), StringComparison.Ordinal);
    }

    [Fact]
    public void Error_message_is_cut_at_ten_thousand_characters_and_never_within_one()
    {
        var message = string.Concat(Enumerable.Repeat("😀", 10_001));

        var cut = SidekiqJob.Parse(Decide(Fresh, exception: new InvalidOperationException(message)).Json, "orders");

        Assert.Equal(20_000, cut.ErrorMessage!.Length);
        Assert.EndsWith("😀", cut.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void Error_message_with_half_a_character_can_still_be_shown()
    {
        var outcome = Decide(Fresh, exception: new InvalidOperationException("a\ud83db"));

        Assert.Equal("a\ufffdb", SidekiqJob.Parse(outcome.Json, "orders").ErrorMessage);
    }

    [Theory]
    [InlineData("""{"class":"A"}""", null)]
    [InlineData("""{"backtrace":false}""", null)]
    [InlineData("""{"backtrace":0}""", null)]
    [InlineData("""{"backtrace":2}""", 2)]
    [InlineData("""{"backtrace":true}""", int.MaxValue)]
    public void Stack_trace_is_kept_as_the_Web_UI_unpacks_it(string json, int? lines)
    {
        var outcome = Decide(json, exception: Thrown());

        var job = SidekiqJob.Parse(outcome.Json, "orders");
        if (!job.TryGet("error_backtrace", out var packed))
        {
            Assert.Null(lines);
            return;
        }

        var bytes = Convert.FromBase64String(packed.GetString()!);
        Assert.Equal([0x78], bytes[..1]);
        using var zlib = new ZLibStream(new MemoryStream(bytes), CompressionMode.Decompress);
        var trace = JsonSerializer.Deserialize<string[]>(zlib)!;
        Assert.StartsWith("at ", trace[0], StringComparison.Ordinal);
        Assert.Equal(Math.Min(lines!.Value, trace.Length), trace.Length);
        if (lines == int.MaxValue)
        {
            Assert.Contains("caused by System.ArgumentException", trace);
        }

        Assert.DoesNotContain(trace, line => line.Contains("why", StringComparison.Ordinal));
    }

    [Fact]
    public void Stack_trace_holds_no_tag()
    {
        var failed = Assert.IsType<JobOutcome.Retry>(
            new JobFailure(new RetrySchedule(new Random(1))).Decide(
                SidekiqJob.Parse("""{"retry":true,"backtrace":true}"""u8.ToArray(), "orders"),
                new TaggedException(),
                clock.GetUtcNow(),
                JobFailureOptions.None
            )
        );

        using var zlib = new ZLibStream(
            new MemoryStream(
                Convert.FromBase64String(
                    JsonElement.Parse(failed.Json.Span).GetProperty("error_backtrace").GetString()!
                )
            ),
            CompressionMode.Decompress
        );
        Assert.Equal(["at ‹script›alert(1)‹/script›"], JsonSerializer.Deserialize<string[]>(zlib)!);
    }

    sealed class TaggedException : Exception
    {
        public override string StackTrace => "at <script>alert(1)</script>";
    }

    [Theory]
    [InlineData(60, 60, 69)]
    [InlineData(0, 15, 24)]
    [InlineData(-5, 15, 24)]
    public void Policy_of_the_user_may_say_how_long_to_wait(int seconds, int least, int most)
    {
        var retry = Assert.IsType<JobOutcome.Retry>(
            Decide(Fresh, new() { RetryIn = (_, _) => SidekiqRetryIn.After(TimeSpan.FromSeconds(seconds)) })
        );

        Assert.InRange((retry.Due - clock.GetUtcNow()).TotalSeconds, least, most);
    }

    [Fact]
    public void Policy_of_the_user_may_end_it()
    {
        Assert.IsType<JobOutcome.Bury>(Decide(Fresh, new() { RetryIn = (_, _) => SidekiqRetryIn.Kill }));
        Assert.IsType<JobOutcome.Discard>(Decide(Fresh, new() { RetryIn = (_, _) => SidekiqRetryIn.Discard }));
        Assert.IsType<JobOutcome.Discard>(
            Decide("""{"dead":false}""", new() { RetryIn = (_, _) => SidekiqRetryIn.Kill })
        );
    }

    [Fact]
    public void Job_that_always_fails_runs_once_more_than_it_is_retried() =>
        Prop.ForAll(
                Arb.From(Gen.Choose(0, 30)),
                retries =>
                {
                    var (job, runs) = ($$"""{"retry":{{retries}},"x":1}""", 1);
                    JobOutcome outcome;
                    while ((outcome = Decide(job)) is JobOutcome.Retry)
                    {
                        (job, runs) = (Text(outcome), runs + 1);
                    }

                    return outcome is JobOutcome.Bury
                        && runs == retries + 1
                        && SidekiqJob.Parse(outcome.Json, "orders").RetryCount == retries;
                }
            )
            .Holds();

    [Fact]
    public void Any_object_that_fails_keeps_what_it_had() =>
        Prop.ForAll(
                Arb.From(JobTexts.Objects),
                json =>
                {
                    var outcome = Decide(json);
                    var before = SidekiqJob.Parse(Encoding.UTF8.GetBytes(json), "orders");
                    var after = SidekiqJob.Parse(outcome.Json, "orders");
                    return before.UnknownFields.Select(Raw).SequenceEqual(after.UnknownFields.Select(Raw))
                        && before.Args.Span.SequenceEqual(after.Args.Span);
                }
            )
            .Holds();

    static string Raw(KeyValuePair<string, JsonElement> field) => $"{field.Key}:{field.Value.GetRawText()}";

    static JobOutcome Decide(string json, JobFailureOptions? options = null, Exception? exception = null) =>
        new JobFailure(new RetrySchedule(new Random(7))).Decide(
            SidekiqJob.Parse(Encoding.UTF8.GetBytes(json), "orders"),
            exception ?? new InvalidOperationException("boom"),
            clock.GetUtcNow(),
            options ?? new JobFailureOptions()
        );

    static InvalidOperationException Thrown()
    {
        try
        {
            try
            {
                throw new ArgumentException("why");
            }
            catch (ArgumentException inner)
            {
                throw new InvalidOperationException("boom", inner);
            }
        }
        catch (InvalidOperationException outer)
        {
            return outer;
        }
    }

    static string Text(JobOutcome outcome) => Encoding.UTF8.GetString(outcome.Json.Span);
}
