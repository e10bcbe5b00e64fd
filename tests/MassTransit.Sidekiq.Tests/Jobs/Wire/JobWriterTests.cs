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
                Args = """[1,2.5,"é",null,true,{"a":[1]}]"""u8.ToArray(),
                CreatedAt = At(1795308424, 339149),
                EnqueuedAt = At(1795308424, 339508),
            },
            "default",
            "6a53acef47bc238203ae6a7e"
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
                Args = """[1,2.5,"é",null,true,{"a":[1]}]"""u8.ToArray(),
                CreatedAt = At(1795308603, 102000),
                EnqueuedAt = At(1795308603, 102999),
                TimeFormat = SidekiqTimeFormat.IntegerMilliseconds,
            },
            "default",
            "a0c436ea5e48775be2423c3c"
        );

        Assert.Equal(
            """{"retry":true,"queue":"default","args":[1,2.5,"é",null,true,{"a":[1]}],"class":"OkJob","jid":"a0c436ea5e48775be2423c3c","created_at":1795308603102,"enqueued_at":1795308603102}""",
            Text(job)
        );
    }

    [Fact]
    public void Scheduled_job_has_no_push_time()
    {
        var job = Write(Draft());

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
            Other = new Dictionary<string, object?>
            {
                ["lock"] = "until_executed",
                ["unique_for"] = 60,
                ["cattr"] = new Dictionary<string, object?> { ["user_id"] = 42 },
            },
        };
        draft.Class = "Sidekiq::ActiveJob::Wrapper";
        draft.Wrapped = "MyJob";
        draft.TraceParent = "00-1-2-01";

        Assert.Equal(
            """{"retry":3,"queue":"orders","backtrace":5,"dead":false,"retry_for":3600,"retry_queue":"low","tags":["alpha","beta"],"lock":"until_executed","unique_for":60,"cattr":{"user_id":42},"wrapped":"MyJob","args":[],"class":"Sidekiq::ActiveJob::Wrapper","jid":"0","created_at":1795308424.0,"traceparent":"00-1-2-01"}""",
            Text(Write(draft))
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

        Assert.StartsWith($$"""{"retry":{{expected}},""", Text(Write(draft)), StringComparison.Ordinal);
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

        Assert.Contains($"\"created_at\":{expected}}}", Text(Write(draft)), StringComparison.Ordinal);
    }

    [Fact]
    public void Text_is_escaped_as_Ruby_escapes_it()
    {
        var draft = Draft();
        draft.Options = With(
            new() { ["x"] = "é😀\u2028/<>'&+\u007f \"\\ \b\f\n\r\t\u001b\u0000", ["half"] = "a\ud83db" }
        );

        var text = Text(Write(draft));

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
        draft.Options = With(
            new()
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
            }
        );

        Assert.Contains(
            """a":1,"b":1.0,"c":100000000000000000000,"d":0.1,"e":10.0,"f":"00000000-0000-0000-0000-000000000000","g":"sidekiq://localhost/orders","h":[1,null,"x"],"i":"2026-11-22T01:02:03+00:00","args":""",
            Text(Write(draft)),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("class")]
    [InlineData("at")]
    [InlineData("mt")]
    [InlineData("retry")]
    [InlineData("tags")]
    public void Key_of_the_job_itself_is_reserved(string key) => Assert.True(JobFields.IsReserved(key));

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
            const string jid = "6a53acef47bc238203ae6a7e";
            draft.Class = "Billing::Worker";
            var filled =
                Text(template.BeforeQueue)
                + $"\"{queue}\""
                + Text(template.BetweenQueueAndClass)
                + $"\"{draft.Class}\",\"jid\":\"{jid}\""
                + Text(template.AfterJid);

            Assert.Equal(Text(JobWriter.Write(draft, queue, jid)), filled);
            Assert.Equal(filled, Text(template.Fill(queue, draft.Class, jid)));
        }
    }

    [Fact]
    public void Plain_send_costs_less_than_250_bytes_over_the_bare_job()
    {
        var draft = Draft();
        var bare = Write(draft).Length;
        draft.Metadata = new JobMetadata
        {
            MessageId = Guid.NewGuid(),
            MessageTypes = ["urn:message:Shop.Contracts:SubmitOrder"],
            ConversationId = Guid.NewGuid(),
            SourceAddress = "sidekiq://localhost/web7_OrdersApi_bus_yyyyyy8z4wgbdbcqbdxkz1ohrq",
        };

        Assert.InRange(Write(draft).Length - bare, 100, 249);
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

        var read = SidekiqJob.Parse(Write(draft), "orders").Metadata;

        Assert.NotNull(read);
        Assert.Equivalent(written, read, strict: true);
    }

    [Fact]
    public void Empty_metadata_still_says_that_the_job_is_ours()
    {
        var draft = Draft();
        draft.Metadata = new JobMetadata();

        var job = Write(draft);

        Assert.EndsWith(""","mt":{}}""", Text(job), StringComparison.Ordinal);
        Assert.NotNull(SidekiqJob.Parse(job, "orders").Metadata);
    }

    [Fact]
    public void Job_that_was_stored_in_parts_is_the_same_job()
    {
        var draft = Draft();
        draft.Options = new JobOptions { Retry = 3, Tags = ["a"] };
        draft.Args = """[{"orderId":42}]"""u8.ToArray();
        draft.Metadata = new JobMetadata { MessageId = Guid.NewGuid(), MessageTypes = ["urn:message:Shop:Order"] };
        var rest = JobWriter.WriteRest(draft, withArgs: false);
        draft.EnqueuedAt = draft.CreatedAt;

        var parts = new JobParts(rest, draft.Args, draft.EnqueuedAt, draft.TimeFormat);

        Assert.Equal(Members(Write(draft)), Members(parts.Write("orders", draft.Class, "0")));
        Assert.Equal(parts.Write("orders", draft.Class, "0"), parts.ToTemplate().Fill("orders", draft.Class, "0"));
    }

    [Fact]
    public void Stored_ActiveJob_names_the_queue_that_it_goes_to_inside_its_arguments_as_well()
    {
        var draft = Draft();
        (draft.Class, draft.Wrapped) = (ActiveJobWrapper.Name, "Report");
        draft.Args = """[{"job_class":"Report","queue_name":"default","arguments":[]}]"""u8.ToArray();
        var rest = JobWriter.WriteRest(draft, withArgs: false);

        var parts = new JobParts(rest, draft.Args, null, draft.TimeFormat, IsActiveJob: true);
        var filled = parts.ToTemplate().Fill("low", draft.Class, "0");

        Assert.Equal(parts.Write("low", draft.Class, "0"), filled);
        Assert.Contains("\"queue_name\":\"low\"", Text(filled), StringComparison.Ordinal);
        Assert.Equal(Members(JobWriter.Write(draft, "low", "0")), Members(filled));
    }

    static byte[] Write(JobDraft draft) => JobWriter.Write(draft, "orders", "0");

    static JobOptions With(Dictionary<string, object?> keys) => new() { Other = keys };

    static IEnumerable<string> Members(byte[] job) =>
        JobJson
            .Members(job)
            .Select(member => $"{member.Key}={member.Value.GetRawText()}")
            .Order(StringComparer.Ordinal);

    static JobDraft Draft() => new() { Class = "Shop::Order", CreatedAt = At(1795308424, 0) };

    static DateTimeOffset At(long seconds, int micros) =>
        DateTimeOffset.FromUnixTimeSeconds(seconds).AddMicroseconds(micros);

    static string Text(byte[] json) => Encoding.UTF8.GetString(json);
}
