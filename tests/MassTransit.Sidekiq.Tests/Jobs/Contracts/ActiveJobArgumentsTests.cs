using System.Buffers;
using System.Text;

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
