using System.Buffers;
using System.Text;
using System.Text.Json;

namespace MassTransit.Sidekiq.Tests.Jobs;

public class ActiveJobArgumentsTests
{
    readonly JobContract contract = new JobContracts().For<NightlyReport>();

    [Fact]
    public void Message_is_the_keywords_of_the_job_in_the_wrapper()
    {
        var output = new ArrayBufferWriter<byte>();

        contract.WriteArgs(
            """{"for_year":2026,"send_to":["a"]}"""u8,
            output,
            new Guid("0f8fad5b-d9cb-469f-a165-70867728950e"),
            "reports"
        );

        Assert.Equal(
            """[{"job_class":"Reports::Nightly","job_id":"0f8fad5b-d9cb-469f-a165-70867728950e","provider_job_id":null,"queue_name":"reports","priority":null,"arguments":[{"for_year":2026,"send_to":["a"],"_aj_ruby2_keywords":["for_year","send_to"]}],"executions":0,"exception_executions":{}}]""",
            Encoding.UTF8.GetString(output.WrittenSpan)
        );
    }

    [Fact]
    public void Message_without_properties_passes_no_keywords()
    {
        var output = new ArrayBufferWriter<byte>();

        contract.WriteArgs("{}"u8, output);

        var text = Encoding.UTF8.GetString(output.WrittenSpan);
        Assert.Contains("\"arguments\":[],", text, StringComparison.Ordinal);
        Assert.Contains("\"queue_name\":\"low\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Message_may_be_the_positional_arguments_of_the_job()
    {
        var output = new ArrayBufferWriter<byte>();
        var positional = new JobContracts().For<PositionalReport>();

        positional.WriteArgs("""{"for_year":2026,"send_to":["a"]}"""u8, output);

        Assert.Contains(
            "\"arguments\":[2026,[\"a\"]],",
            Encoding.UTF8.GetString(output.WrittenSpan),
            StringComparison.Ordinal
        );
        Assert.Equal(ActiveJobWrapper.Name, positional.WireClass);
        Assert.Equal("Reports::Plain", positional.Wrapped);
        byte[] json = [.. "{\"class\":\"X\",\"args\":"u8, .. output.WrittenSpan, .. "}"u8];
        var job = SidekiqJob.Parse(json, "orders");
        Assert.Equal("""{"for_year":2026,"send_to":["a"]}""", Encoding.UTF8.GetString(positional.ReadArgs(job).Span));
    }

    [SidekiqJob("Reports::Plain", Args = SidekiqArgs.ActiveJobPositional)]
    internal sealed record PositionalReport(int ForYear, string[] SendTo);

    [Theory]
    [InlineData(
        """[{"for_year":2026,"send_to":["a"],"_aj_ruby2_keywords":["for_year","send_to"]}]""",
        """{"for_year":2026,"send_to":["a"]}"""
    )]
    [InlineData("""[{"for_year":2026,"_aj_symbol_keys":["for_year"]}]""", """{"for_year":2026}""")]
    [InlineData("""[2026,["a"]]""", """{"for_year":2026,"send_to":["a"]}""")]
    [InlineData(
        """[2026,{"send_to":["a"],"_aj_ruby2_keywords":["send_to"]}]""",
        """{"for_year":2026,"send_to":["a"]}"""
    )]
    [InlineData("""[{"_aj_ruby2_keywords":[]}]""", "{}")]
    public void Keywords_and_positional_arguments_become_the_message(string arguments, string body)
    {
        Assert.Equal(body, Read($$"""[{"job_class":"Reports::Nightly","arguments":{{arguments}}}]"""));
    }

    [Theory]
    [InlineData("""{"_aj_globalid":"gid://myapp/User/42"}""", "\"gid://myapp/User/42\"")]
    [InlineData(
        """{"_aj_serialized":"ActiveJob::Serializers::TimeSerializer","value":"2026-01-02T03:04:05.123456000Z"}""",
        "\"2026-01-02T03:04:05.123456000Z\""
    )]
    [InlineData("""{"_aj_serialized":"ActiveJob::Serializers::DurationSerializer","value":300,"parts":[]}""", "300")]
    [InlineData("""{"a":{"b":1,"_aj_symbol_keys":[]},"_aj_hash_with_indifferent_access":true}""", """{"a":{"b":1}}""")]
    [InlineData("""[{"_aj_serialized":"ActiveJob::Serializers::SymbolSerializer","value":"x"}]""", """["x"]""")]
    [InlineData("1.50", "1.50")]
    public void Marks_of_ActiveJob_become_the_plain_value(string marked, string plain)
    {
        Assert.Equal(
            $$"""{"send_to":{{plain}}}""",
            Read($$"""[{"arguments":[{"send_to":{{marked}},"_aj_ruby2_keywords":["send_to"]}]}]""")
        );
    }

    [Fact]
    public void Values_are_written_in_the_Ruby_type_of_their_property_wherever_they_are()
    {
        var all = new JobContracts().For<EveryType>();
        var output = new ArrayBufferWriter<byte>();

        all.WriteArgs(
            """
            {"at":"2026-01-02T03:04:05Z","on":"2026-01-02","wait":"00:05:00.5","waits":{"a":"00:00:03","b":null},"state":["paid"],"zoned":"2026-01-02T03:04:05Z","price":1.50,"kind":"Shop::Order","owner":"gid://shop/User/1","span":{"begin":1,"end":null,"exclude_end":true},"raw":"2026-01-02T03:04:05Z","inner":{"at":"2026-01-02T03:04:05Z"}}
            """u8,
            output
        );

        static string Marked(string type, string value) =>
            $$"""{"_aj_serialized":"ActiveJob::Serializers::{{type}}Serializer","value":{{value}}}""";
        static string Duration(string seconds) =>
            $$"""{"_aj_serialized":"ActiveJob::Serializers::DurationSerializer","value":{{seconds}},"parts":[[{{Marked(
                "Symbol",
                "\"seconds\""
            )}},{{seconds}}]]}""";
        var time = "\"2026-01-02T03:04:05Z\"";
        Assert.Contains(
            $$"""
            "arguments":[{"at":{{Marked("Time", time)}},"on":{{Marked("Date", "\"2026-01-02\"")}},"wait":{{Duration(
                "300.5"
            )}},"waits":{"a":{{Duration("3")}},"b":null},"state":[{{Marked("Symbol", "\"paid\"")}}],"zoned":{{Marked(
                "TimeWithZone",
                time
            )}},"price":{{Marked("BigDecimal", "\"1.50\"")}},"kind":{{Marked(
                "Module",
                "\"Shop::Order\""
            )}},"owner":{"_aj_globalid":"gid://shop/User/1"},"span":{"_aj_serialized":"ActiveJob::Serializers::RangeSerializer","begin":1,"end":null,"exclude_end":true},"raw":{{time}},"inner":{"at":{{Marked(
                "Time",
                time
            )}}},"_aj_ruby2_keywords":["at","on"
            """,
            Encoding.UTF8.GetString(output.WrittenSpan),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Durations_and_ranges_of_Rails_are_read()
    {
        var all = new JobContracts().For<EveryType>();
        var job = SidekiqJob.Parse(
            """
            {"class":"X","args":[{"arguments":[{"wait":{"_aj_serialized":"ActiveJob::Serializers::DurationSerializer","value":90,"parts":[]},"price":{"_aj_serialized":"ActiveJob::Serializers::BigDecimalSerializer","value":"0.15e1"},"span":{"_aj_serialized":"ActiveJob::Serializers::RangeSerializer","begin":1,"end":9,"exclude_end":true},"_aj_ruby2_keywords":["wait"]}]}]}
            """u8.ToArray(),
            "orders"
        );

        var message = JsonSerializer.Deserialize<EveryType>(
            all.ReadArgs(job).Span,
            JobBody.Create(SidekiqNaming.SnakeCase)
        )!;

        Assert.Equal(TimeSpan.FromSeconds(90), message.Wait);
        Assert.Equal(1.5m, message.Price);
        Assert.Equal(new RubyRange<int?>(1, 9, ExcludeEnd: true), message.Span);
    }

    [Theory]
    [InlineData("""{"raw":{"_aj_globalid":"gid://shop/User/1"}}""", "Key '_aj_globalid'")]
    [InlineData("""{"_aj_symbol_keys":[]}""", "Key '_aj_symbol_keys'")]
    [InlineData("""{"owner":"42"}""", "does not begin with 'gid://'")]
    [InlineData("""{"state":[1]}""", "a Symbol in Ruby is Number")]
    [InlineData("""{"wait":"five minutes"}""", "not written as a TimeSpan is")]
    public void What_Rails_would_misread_is_refused(string body, string reason)
    {
        var refusal = Assert.Throws<JobArgumentsException>(() =>
            new JobContracts().For<EveryType>().WriteArgs(Encoding.UTF8.GetBytes(body), new ArrayBufferWriter<byte>())
        );

        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    [SidekiqJob("Reports::Every", Args = SidekiqArgs.ActiveJob)]
    internal sealed record EveryType(
        DateTimeOffset At,
        DateOnly On,
        TimeSpan Wait,
        Dictionary<string, TimeSpan?> Waits,
        [RubyType(RubyType.Symbol)] string[] State,
        [RubyType(RubyType.TimeWithZone)] DateTimeOffset Zoned,
        [RubyType(RubyType.BigDecimal)] decimal Price,
        [RubyType(RubyType.Module)] string Kind,
        [RubyType(RubyType.GlobalId)] string? Owner,
        RubyRange<int?> Span,
        [RubyType(RubyType.Plain)] DateTimeOffset Raw,
        EveryType? Inner
    );

    [Fact]
    public void Mail_is_delivered_with_parameters_or_with_arguments()
    {
        var contracts = new JobContracts();

        var with = Written(contracts.For<Welcome>(), """{"user":"gid://shop/User/1","coupon":null}""");
        var positional = Written(contracts.For<Goodbye>(), """{"user":"gid://shop/User/1","reason":"moved"}""");

        Assert.Contains("\"job_class\":\"ActionMailer::MailDeliveryJob\"", with, StringComparison.Ordinal);
        Assert.Contains(
            """"arguments":["UserMailer","welcome","deliver_now",{"args":[],"params":{"user":{"_aj_globalid":"gid://shop/User/1"},"coupon":null,"_aj_symbol_keys":["user","coupon"]},"_aj_ruby2_keywords":["args","params"]}],"""",
            with,
            StringComparison.Ordinal
        );
        Assert.Contains("\"job_class\":\"Shop::DeliveryJob\"", positional, StringComparison.Ordinal);
        Assert.Contains(
            """"arguments":["UserMailer","goodbye","deliver_now",{"args":[{"_aj_globalid":"gid://shop/User/1"},"moved"],"_aj_ruby2_keywords":["args"]}],"""",
            positional,
            StringComparison.Ordinal
        );
        Assert.Equal(
            """{"user":"gid://shop/User/1","coupon":null}""",
            Encoding.UTF8.GetString(contracts.For<Welcome>().ReadArgs(Job(with)).Span)
        );
        Assert.Equal(
            """{"user":"gid://shop/User/1","reason":"moved"}""",
            Encoding.UTF8.GetString(contracts.For<Goodbye>().ReadArgs(Job(positional)).Span)
        );
        Assert.Contains(
            "does not deliver UserMailer.welcome with parameters",
            Assert.Throws<JobArgumentsException>(() => contracts.For<Welcome>().ReadArgs(Job(positional))).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Mail_that_is_no_ActiveJob_is_refused()
    {
        var contracts = new JobContracts();
        contracts.Job<Welcome>(job => job.Positional());

        Assert.Contains(
            "Rails delivers mails as ActiveJobs",
            Assert.Single(contracts.For<Welcome>().Faults),
            StringComparison.Ordinal
        );
    }

    static string Written(JobContract contract, string body)
    {
        var output = new ArrayBufferWriter<byte>();
        contract.WriteArgs(Encoding.UTF8.GetBytes(body), output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    static SidekiqJob Job(string args) =>
        SidekiqJob.Parse(Encoding.UTF8.GetBytes($$"""{"class":"X","args":{{args}}}"""), "orders");

    [SidekiqMail("UserMailer", "welcome")]
    internal sealed record Welcome([RubyType(RubyType.GlobalId)] string User, string? Coupon = null);

    [SidekiqMail("UserMailer", "goodbye")]
    [SidekiqJob("Shop::DeliveryJob", Args = SidekiqArgs.ActiveJobPositional)]
    internal sealed record Goodbye([RubyType(RubyType.GlobalId)] string User, string Reason);

    [Theory]
    [InlineData("[]")]
    [InlineData("[1]")]
    [InlineData("[{}]")]
    [InlineData("""[{"arguments":{}}]""")]
    [InlineData("""[{"arguments":[]},{}]""")]
    public void Job_that_is_no_ActiveJob_is_refused(string args)
    {
        var refusal = Assert.Throws<JobArgumentsException>(() => Read(args));

        Assert.Contains("'Reports::Nightly' is not in ActiveJob's form", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_many_arguments_are_refused_with_both_counts()
    {
        var refusal = Assert.Throws<JobArgumentsException>(() => Read("""[{"arguments":[2026,[],3]}]"""));

        Assert.Contains(
            "passes 3 arguments, but NightlyReport takes 2 (for_year, send_to)",
            refusal.Message,
            StringComparison.Ordinal
        );
    }

    string Read(string args)
    {
        var job = SidekiqJob.Parse(Encoding.UTF8.GetBytes($$"""{"class":"X","args":{{args}}}"""), "orders");
        return Encoding.UTF8.GetString(contract.ReadArgs(job).Span);
    }
}
