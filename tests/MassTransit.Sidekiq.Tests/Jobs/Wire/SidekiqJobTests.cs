using System.Text;
using System.Text.Json;

namespace MassTransit.Sidekiq.Tests.Jobs;

public class SidekiqJobTests
{
    const string Failed = """
        {"retry":3,"queue":"default","backtrace":5,"tags":["alpha","beta"],"args":["boom"],"class":"FailJob","jid":"7f46ff65c5e2d828d419104f","created_at":1795308678504,"enqueued_at":1795308700367,"error_message":"boom","error_class":"ArgumentError","failed_at":1795308679033,"retry_count":1,"error_backtrace":"eJylzsEKwj","retried_at":1795308700377}
        """;

    [Fact]
    public void Job_of_Ruby_Sidekiq_6_is_read()
    {
        var job = Parse(
            """{"retry":true,"queue":"default","args":[1,2.5,"é",null,true,{"a":[1]}],"class":"OkJob","jid":"6a53acef47bc238203ae6a7e","created_at":1795308424.339149,"enqueued_at":1795308424.3395083}"""
        );

        Assert.Equal("OkJob", job.Class);
        Assert.Equal("6a53acef47bc238203ae6a7e", job.Jid);
        Assert.Equal(SidekiqRetry.Default, job.Retry);
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1795308424339).AddMicroseconds(149), job.CreatedAt);
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1795308424339).AddMicroseconds(508), job.EnqueuedAt);
        Assert.Equal("""[1,2.5,"é",null,true,{"a":[1]}]""", Text(job.Args));
        Assert.True(job.HasArgumentList);
        Assert.Equal(6, job.ArgsCount);
        Assert.Null(job.RetryCount);
        Assert.Null(job.Metadata);
        Assert.Empty(job.Tags);
        Assert.Empty(job.UnknownFields);
    }

    [Fact]
    public void Failed_job_of_Ruby_Sidekiq_8_is_read()
    {
        var job = Parse(Failed);

        Assert.Equal(SidekiqRetry.Times(3), job.Retry);
        Assert.Equal(1, job.RetryCount);
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1795308678504), job.CreatedAt);
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1795308679033), job.FailedAt);
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1795308700377), job.RetriedAt);
        Assert.Equal("ArgumentError", job.ErrorClass);
        Assert.Equal("boom", job.ErrorMessage);
        Assert.Equal(["alpha", "beta"], job.Tags);
        Assert.Equal(SidekiqBacktrace.First(5), job.Backtrace);
        Assert.Equal(Failed, job.RawJson);
    }

    [Fact]
    public void Queue_is_the_list_it_was_fetched_from()
    {
        Assert.Equal("low", SidekiqJob.Parse("""{"queue":"orders"}"""u8.ToArray(), "low").Queue);
    }

    [Theory]
    [InlineData("1795308424.5", 1795308424500)]
    [InlineData("1795308424", 1795308424000)]
    [InlineData("1795308424500", 1795308424500)]
    [InlineData("1795308424500.0", 1795308424500)]
    [InlineData("1.7953084245e9", 1795308424500)]
    [InlineData("\"1795308424.5\"", 1795308424500)]
    [InlineData("\"1795308424500\"", 1795308424500)]
    [InlineData("\"2026-11-22T01:01:34.674303505Z\"", 1795309294674)]
    [InlineData("\"2026-11-22T02:01:34+01:00\"", 1795309294000)]
    [InlineData("0", 0)]
    [InlineData("-1.5", -1500)]
    public void Time_is_read_in_every_form_that_is_out_there(string time, long milliseconds)
    {
        var read = Parse($$"""{"enqueued_at":{{time}}}""").EnqueuedAt;

        Assert.Equal(milliseconds, read?.ToUnixTimeMilliseconds());
    }

    [Theory]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("\"soon\"")]
    [InlineData("\"\"")]
    [InlineData("[1795308424]")]
    [InlineData("{}")]
    [InlineData("1e400")]
    [InlineData("-1e300")]
    [InlineData("1e17")]
    public void Time_that_is_none_is_absent(string time)
    {
        var job = Parse($$"""{"created_at":{{time}},"failed_at":{{time}}}""");

        Assert.Null(job.CreatedAt);
        Assert.Null(job.FailedAt);
    }

    [Theory]
    [InlineData("true", "true")]
    [InlineData("false", "false")]
    [InlineData("0", "0")]
    [InlineData("25", "25")]
    [InlineData("-1", "-1")]
    [InlineData("null", "")]
    [InlineData("\"5\"", "true")]
    [InlineData("2.5", "true")]
    [InlineData("[]", "true")]
    public void Retry_is_read_as_Ruby_takes_it(string retry, string expected)
    {
        Assert.Equal(expected, Parse($$"""{"retry":{{retry}},"jid":"1"}""").Retry.ToString());
    }

    [Fact]
    public void Fields_of_the_wrong_kind_are_absent()
    {
        var job = Parse(
            """
            {"class":1,"jid":{},"wrapped":[],"args":null,"retry_count":"x","error_class":1,"error_message":[],"tags":"x",
             "backtrace":"y","retry_for":"z","retry_queue":3,"dead":0,"traceparent":7,"tracestate":null,"mt":5}
            """
        );

        Assert.Null(job.Class);
        Assert.Null(job.Jid);
        Assert.Null(job.Wrapped);
        Assert.True(job.Args.IsEmpty);
        Assert.False(job.HasArgumentList);
        Assert.Null(job.RetryCount);
        Assert.Null(job.ErrorClass);
        Assert.Null(job.ErrorMessage);
        Assert.Empty(job.Tags);
        Assert.Null(job.Backtrace);
        Assert.Null(job.RetryFor);
        Assert.Null(job.RetryQueue);
        Assert.Null(job.Dead);
        Assert.Null(job.TraceParent);
        Assert.Null(job.TraceState);
        Assert.Null(job.Metadata);
    }

    [Fact]
    public void Empty_object_is_a_job_without_anything()
    {
        var job = Parse("{}");

        Assert.Null(job.Class);
        Assert.Equal(0, job.ArgsCount);
        Assert.True(job.Retry.IsAbsent);
    }

    [Fact]
    public void Metadata_of_the_wrong_kind_is_absent()
    {
        var metadata = Parse(
            """{"mt":{"id":"x","type":"urn","conv":5,"corr":{},"src":[],"exp":"soon","ct":1,"token":false,"headers":[1],"new":{"a":1}},"jid":"1"}"""
        ).Metadata;

        Assert.NotNull(metadata);
        Assert.Null(metadata.MessageId);
        Assert.Empty(metadata.MessageTypes);
        Assert.Null(metadata.ConversationId);
        Assert.Null(metadata.SourceAddress);
        Assert.Null(metadata.ExpiresAt);
        Assert.Null(metadata.ContentType);
        Assert.Null(metadata.SchedulingToken);
        Assert.Empty(metadata.Headers);
    }

    [Theory]
    [InlineData("60", 60.0)]
    [InlineData("1.5", 1.5)]
    [InlineData("1000000000", 1e9)]
    [InlineData("1000000001", null)]
    [InlineData("1e300", null)]
    [InlineData("0", null)]
    [InlineData("-1", null)]
    public void Window_of_time_that_Sidekiq_would_refuse_is_absent(string window, double? seconds)
    {
        Assert.Equal(seconds, Parse($$"""{"retry_for":{{window}}}""").RetryFor?.TotalSeconds);
    }

    [Theory]
    [InlineData("""{"a":"urn:message:X"}""")]
    [InlineData("\"urn:message:X\"")]
    [InlineData("[]")]
    [InlineData("[1,null,[\"x\"],\"\"]")]
    public void List_of_types_that_names_none_is_empty(string types)
    {
        Assert.Empty(Parse($$$"""{"mt":{"type":{{{types}}}}}""").Metadata!.MessageTypes);
    }

    [Fact]
    public void Header_that_is_an_object_stays_one()
    {
        var headers = Parse("""{"mt":{"headers":{"Host":{"name":"web"},"list":[1]}}}""").Metadata!.Headers;

        Assert.Equal("web", Assert.IsType<JsonElement>(headers["host"]).GetProperty("name").GetString());
        Assert.Equal(1, Assert.IsType<JsonElement>(headers["list"])[0].GetInt32());
    }

    [Fact]
    public void Last_of_two_equal_keys_counts_as_in_Ruby()
    {
        var job = Parse(
            """{"class":"A","args":[1,2],"jid":"1","class":"B","args":[{}],"jid":"2","failed_at":1,"failed_at":2}"""
        );

        Assert.Equal("B", job.Class);
        Assert.Equal("2", job.Jid);
        Assert.Equal(1, job.ArgsCount);
        Assert.Equal("[{}]", Text(job.Args));
        Assert.Equal(2, job.FailedAt?.ToUnixTimeSeconds());
    }

    [Fact]
    public void Escaped_keys_and_texts_are_read()
    {
        var job = Parse("""{"\u0063lass":"A\u003a:B","jid":"\ud83d\ude00\n","error_message":"\u00e9\"\\"}""");

        Assert.Equal("A::B", job.Class);
        Assert.Equal("😀\n", job.Jid);
        Assert.Equal("é\"\\", job.ErrorMessage);
    }

    [Fact]
    public void Comments_pass_as_in_Ruby()
    {
        var job = Parse("""/* a */{"class":/* b */"A",/* c */"args":[/* d */{"x":1}/* e */]}""");

        Assert.Equal("A", job.Class);
        Assert.Equal(1, job.ArgsCount);
        Assert.Equal("""{"x":1}""", Text(job.Json.Slice(job.FirstArg.Start, job.FirstArg.Length)));
    }

    [Fact]
    public void Any_key_can_be_read()
    {
        var job = Parse("""{"a":1,"cattr":{"user_id":42},"queue":"default"}""");

        Assert.True(job.TryGet("cattr", out var attributes));
        Assert.Equal(42, attributes.GetProperty("user_id").GetInt32());
        Assert.True(job.TryGet("queue", out var queue));
        Assert.Equal("default", queue.GetString());
        Assert.False(job.TryGet("user_id", out _));
    }

    [Fact]
    public void Keys_that_nobody_knows_are_listed_in_their_order()
    {
        var job = Parse("""{"zebra":1,"class":"A","cattr":{"u":1},"args":[],"bid":"x","mt":{},"apple":null}""");

        Assert.Equal(["zebra", "cattr", "apple"], job.UnknownFields.Select(field => field.Key));
    }

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData("   ", "ends too early")]
    [InlineData("{oops", "not JSON from byte 2 of line 1 on")]
    [InlineData("{\"a\":1", "ends too early")]
    [InlineData("{\"a\":\"secret\",}", "not JSON")]
    [InlineData("[1]", "not an object")]
    [InlineData("42", "not an object")]
    [InlineData("\"text\"", "not an object")]
    [InlineData("null", "not an object")]
    [InlineData("{} {}", "not JSON from byte 4")]
    [InlineData("\ufeff{}", "not JSON")]
    [InlineData("{\"a\":NaN}", "not JSON")]
    [InlineData("{\"a\":01}", "not JSON")]
    [InlineData("{\"a\":'x'}", "not JSON")]
    public void Text_that_is_no_job_is_refused_with_the_reason_and_none_of_its_words(string text, string reason)
    {
        var refusal = Assert.Throws<InvalidJobException>(() => Parse(text));

        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("'orders'", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("oops", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nesting_is_read_as_deep_as_Ruby_reads_it_and_no_deeper()
    {
        // The job and its list of arguments are two levels of the hundred.
        Assert.Equal(1, Parse($$"""{"args":[{{Nested(98)}}]}""").ArgsCount);

        var refusal = Assert.Throws<InvalidJobException>(() => Parse($$"""{"args":[{{Nested(99)}}]}"""));
        Assert.Contains("deeper than 100 levels", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_are_tolerated_as_in_Ruby()
    {
        byte[] json =
        [
            .. """{"class":"A","error_message":"x"""u8,
            0xff,
            .. """y","args":[{"a":"""u8,
            .. "\"\xff\"}]}"u8,
        ];
        json[^5] = 0xfe;

        var job = SidekiqJob.Parse(json, "orders");

        Assert.Equal("A", job.Class);
        Assert.Equal("x\ufffdy", job.ErrorMessage);
        Assert.Equal(1, job.ArgsCount);
    }

    [Fact]
    public void Half_of_a_surrogate_pair_does_no_harm()
    {
        var job = Parse("""{"class":"A","error_message":"\ud83d","jid":"\udc00","\ud800":1}""");

        Assert.Equal("\\ud83d", job.ErrorMessage);
        Assert.Equal("\\udc00", job.Jid);
        Assert.Single(job.UnknownFields);
    }

    [Theory]
    [InlineData("id")]
    [InlineData("conv")]
    [InlineData("corr")]
    [InlineData("req")]
    [InlineData("init")]
    [InlineData("token")]
    public void Id_that_is_half_of_a_surrogate_pair_is_none(string key)
    {
        var job = Parse($$$"""{"class":"A","mt":{"{{{key}}}":"\ud800"}}""");
        var metadata = job.Metadata!;

        Assert.Equal("A", job.Class);
        Assert.Null(metadata.MessageId ?? metadata.ConversationId ?? metadata.CorrelationId ?? metadata.RequestId);
        Assert.Null(metadata.InitiatorId ?? metadata.SchedulingToken);
    }

    [Fact]
    public void Escaped_id_is_read()
    {
        var job = Parse("""{"mt":{"id":"\u0030f8fad5b-d9cb-469f-a165-70867728950e"}}""");

        Assert.Equal(new Guid("0f8fad5b-d9cb-469f-a165-70867728950e"), job.Metadata!.MessageId);
    }

    [Theory]
    [InlineData("1e400")]
    [InlineData("\"\\ud800\"")]
    [InlineData("{\"\\ud800\":\"\\udc00\"}")]
    public void Odd_header_is_passed_on_as_it_came(string value)
    {
        var job = Parse($$$$"""{"class":"A","mt":{"headers":{"a":{{{{value}}}}}}}""");

        var moved = Text(JobMoves.ToQueue(job, "other", [], DateTimeOffset.UnixEpoch, default));

        Assert.Contains(
            value.Contains('"') && !value.Contains('{') ? "\"a\":\"" : $"\"a\":{value}",
            moved,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("\"\\ud800\"", "\\ud800")]
    [InlineData("7", "default")]
    [InlineData("\"low\"", "low")]
    public void Queue_of_a_due_job_is_whatever_text_it_names(string queue, string expected) =>
        Assert.Equal(expected, DueMove.QueueOf(Parse($$"""{"queue":{{queue}}}""")));

    [Fact]
    public void Large_arguments_are_read()
    {
        var large = new string('x', 5_000_000);

        var job = Parse($$"""{"args":[{"text":"{{large}}"}],"class":"A"}""");

        Assert.Equal("A", job.Class);
        Assert.Equal(5_000_013, job.Args.Length);
    }

    static SidekiqJob Parse(string json) => SidekiqJob.Parse(Encoding.UTF8.GetBytes(json), "orders");

    static string Nested(int depth) => new string('[', depth) + new string(']', depth);

    static string Text(ReadOnlyMemory<byte> json) => Encoding.UTF8.GetString(json.Span);
}
