using System.Text;

namespace MassTransit.Sidekiq.Tests.Jobs;

public class JobWriterTests
{
    [Fact]
    public void Job_is_the_text_that_Ruby_Sidekiq_6_writes()
    {
        var job = JobWriter.Write(
            new JobDraft
            {
                Class = "OkJob",
                Queue = "default",
                Jid = "6a53acef47bc238203ae6a7e",
                Args = """[1,2.5,"é",null,true,{"a":[1]}]"""u8.ToArray(),
                CreatedAt = At(1795308424, 339149),
                EnqueuedAt = At(1795308424, 339508),
            }
        );

        Assert.Equal(
            """{"retry":true,"queue":"default","args":[1,2.5,"é",null,true,{"a":[1]}],"class":"OkJob","jid":"6a53acef47bc238203ae6a7e","created_at":1795308424.339149,"enqueued_at":1795308424.339508}""",
            Text(job)
        );
    }

    [Fact]
    public void Job_is_the_text_that_Ruby_Sidekiq_8_writes_when_its_times_are_asked_for()
    {
        var job = JobWriter.Write(
            new JobDraft
            {
                Class = "OkJob",
                Queue = "default",
                Jid = "a0c436ea5e48775be2423c3c",
                Args = """[1,2.5,"é",null,true,{"a":[1]}]"""u8.ToArray(),
                CreatedAt = At(1795308603, 102000),
                EnqueuedAt = At(1795308603, 102999),
                TimeFormat = SidekiqTimeFormat.IntegerMilliseconds,
            }
        );

        Assert.Equal(
            """{"retry":true,"queue":"default","args":[1,2.5,"é",null,true,{"a":[1]}],"class":"OkJob","jid":"a0c436ea5e48775be2423c3c","created_at":1795308603102,"enqueued_at":1795308603102}""",
            Text(job)
        );
    }

    [Fact]
    public void Scheduled_job_has_no_push_time()
    {
        var job = JobWriter.Write(Draft());

        Assert.Equal(
            """{"retry":true,"queue":"orders","args":[],"class":"Shop::Order","jid":"0","created_at":1795308424.0}""",
            Text(job)
        );
    }

    [Fact]
    public void Options_stand_where_Ruby_puts_them()
    {
        var draft = Draft();
        draft.Options = new JobOptions
        {
            Retry = 3,
            Backtrace = 5,
            Dead = false,
            RetryFor = TimeSpan.FromHours(1),
            RetryQueue = "low",
            Tags = ["alpha", "beta"],
            Other = new Dictionary<string, object?> { ["lock"] = "until_executed", ["expires_in"] = 60 },
        };
        draft.Class = "Sidekiq::ActiveJob::Wrapper";
        draft.Wrapped = "MyJob";
        draft.CustomKeys = new Dictionary<string, object?>
        {
            ["cattr"] = new Dictionary<string, object?> { ["user_id"] = 42 },
        };
        draft.TraceParent = "00-1-2-01";
        draft.TraceState = "v=1";

        Assert.Equal(
            """{"retry":3,"queue":"orders","backtrace":5,"dead":false,"retry_for":3600,"retry_queue":"low","tags":["alpha","beta"],"lock":"until_executed","expires_in":60,"wrapped":"MyJob","args":[],"class":"Sidekiq::ActiveJob::Wrapper","jid":"0","created_at":1795308424.0,"cattr":{"user_id":42},"traceparent":"00-1-2-01","tracestate":"v=1"}""",
            Text(JobWriter.Write(draft))
        );
    }

    [Theory]
    [InlineData("true", null)]
    [InlineData("true", true)]
    [InlineData("false", false)]
    [InlineData("0", 0)]
    [InlineData("25", 25)]
    public void Retry_is_always_written(string expected, object? retry)
    {
        var draft = Draft();
        draft.Options = new JobOptions
        {
            Retry = retry switch
            {
                bool flag => flag,
                int times => times,
                _ => SidekiqRetry.Absent,
            },
        };

        Assert.StartsWith($$"""{"retry":{{expected}},""", Text(JobWriter.Write(draft)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "1795308424.0")]
    [InlineData(1, "1795308424.000001")]
    [InlineData(100000, "1795308424.1")]
    [InlineData(120340, "1795308424.12034")]
    [InlineData(999999, "1795308424.999999")]
    public void Time_has_a_point_and_no_more_than_microseconds(int micros, string expected)
    {
        var draft = Draft();
        draft.CreatedAt = At(1795308424, micros).AddTicks(9);

        Assert.Contains($"\"created_at\":{expected}}}", Text(JobWriter.Write(draft)), StringComparison.Ordinal);
    }

    [Fact]
    public void Text_is_escaped_as_Ruby_escapes_it()
    {
        var draft = Draft();
        draft.CustomKeys = new Dictionary<string, object?>
        {
            ["x"] = "é😀\u2028/<>'&+\u007f \"\\ \b\f\n\r\t\u001b\u0000",
            ["half"] = "a\ud83db",
        };

        var text = Text(JobWriter.Write(draft));

        Assert.Contains(
            "\"x\":\"é😀\u2028/<>'&+\u007f \\\"\\\\ \\b\\f\\n\\r\\t\\u001b\\u0000\"",
            text,
            StringComparison.Ordinal
        );
        Assert.Contains("\"half\":\"a\ufffdb\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_of_every_kind_are_written_as_Ruby_would()
    {
        var draft = Draft();
        draft.CustomKeys = new Dictionary<string, object?>
        {
            ["a"] = 1L,
            ["b"] = 1.0,
            ["c"] = 1e20,
            ["d"] = 0.1f,
            ["e"] = 10m,
            ["f"] = Guid.Empty,
            ["g"] = new Uri("sidekiq://localhost/orders"),
            ["h"] = new object?[] { 1, null, "x" },
            ["i"] = new DateTimeOffset(2026, 11, 22, 1, 2, 3, TimeSpan.Zero),
        };

        Assert.Contains(
            """a":1,"b":1.0,"c":100000000000000000000,"d":0.1,"e":10.0,"f":"00000000-0000-0000-0000-000000000000","g":"sidekiq://localhost/orders","h":[1,null,"x"],"i":"2026-11-22T01:02:03+00:00"}""",
            Text(JobWriter.Write(draft)),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("class")]
    [InlineData("at")]
    [InlineData("mt")]
    [InlineData("retry")]
    [InlineData("tags")]
    public void Key_of_the_job_itself_is_refused_as_an_option(string key)
    {
        var draft = Draft();
        draft.CustomKeys = new Dictionary<string, object?> { [key] = 1 };

        var refusal = Assert.Throws<ArgumentException>(() => JobWriter.Write(draft));
        Assert.Contains($"'{key}'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Filled_template_is_the_written_job()
    {
        var draft = Draft();
        draft.Options = new JobOptions { Retry = 3, Tags = ["a"] };
        draft.Args = """[{"orderId":42}]"""u8.ToArray();
        draft.TraceParent = "00-1-2-01";
        draft.Metadata = new JobMetadata { MessageId = Guid.NewGuid(), MessageTypes = ["urn:message:Shop:Order"] };
        draft.EnqueuedAt = draft.CreatedAt;
        var template = JobWriter.WriteTemplate(draft);

        foreach (var queue in new[] { "a", "billing", "x-y.z:1" })
        {
            (draft.Queue, draft.Class, draft.Jid) = (queue, "Billing::Worker", "6a53acef47bc238203ae6a7e");
            var filled =
                Text(template.BeforeQueue)
                + $"\"{queue}\""
                + Text(template.BetweenQueueAndClass)
                + $"\"{draft.Class}\",\"jid\":\"{draft.Jid}\""
                + Text(template.AfterJid);

            Assert.Equal(Text(JobWriter.Write(draft)), filled);
        }
    }

    [Fact]
    public void Plain_send_costs_less_than_250_bytes_over_the_bare_job()
    {
        var draft = Draft();
        var bare = JobWriter.Write(draft).Length;
        draft.Metadata = new JobMetadata
        {
            MessageId = Guid.NewGuid(),
            MessageTypes = ["urn:message:Shop.Contracts:SubmitOrder"],
            ConversationId = Guid.NewGuid(),
            SourceAddress = "sidekiq://localhost/web7_OrdersApi_bus_yyyyyy8z4wgbdbcqbdxkz1ohrq",
        };

        Assert.InRange(JobWriter.Write(draft).Length - bare, 100, 249);
    }

    [Fact]
    public void Metadata_comes_back_as_it_was_written()
    {
        var draft = Draft();
        var written = new JobMetadata
        {
            MessageId = Guid.NewGuid(),
            MessageTypes = ["urn:message:Shop:Order", "urn:message:Shop:IOrder"],
            ConversationId = Guid.NewGuid(),
            CorrelationId = Guid.NewGuid(),
            RequestId = Guid.NewGuid(),
            InitiatorId = Guid.NewGuid(),
            SourceAddress = "sidekiq://localhost/a",
            DestinationAddress = "sidekiq://localhost/topic/b",
            ResponseAddress = "sidekiq://localhost/c?temporary=true",
            FaultAddress = "sidekiq://localhost/d",
            ExpiresAt = At(1795308424, 5),
            ContentType = "application/vnd.masstransit+json",
            SchedulingToken = Guid.NewGuid(),
            Headers = new Dictionary<string, object?>
            {
                ["text"] = "é",
                ["number"] = 42L,
                ["float"] = 1.5,
                ["flag"] = true,
                ["none"] = null,
            },
        };
        draft.Metadata = written;

        var read = SidekiqJob.Parse(JobWriter.Write(draft), "orders").Metadata;

        Assert.NotNull(read);
        Assert.Equivalent(written, read, strict: true);
    }

    [Fact]
    public void Empty_metadata_still_says_that_the_job_is_ours()
    {
        var draft = Draft();
        draft.Metadata = new JobMetadata();

        var job = JobWriter.Write(draft);

        Assert.EndsWith(""","mt":{}}""", Text(job), StringComparison.Ordinal);
        Assert.NotNull(SidekiqJob.Parse(job, "orders").Metadata);
    }

    static JobDraft Draft() =>
        new()
        {
            Class = "Shop::Order",
            Queue = "orders",
            Jid = "0",
            CreatedAt = At(1795308424, 0),
        };

    static DateTimeOffset At(long seconds, int micros) =>
        DateTimeOffset.FromUnixTimeSeconds(seconds).AddMicroseconds(micros);

    static string Text(byte[] json) => Encoding.UTF8.GetString(json);
}
