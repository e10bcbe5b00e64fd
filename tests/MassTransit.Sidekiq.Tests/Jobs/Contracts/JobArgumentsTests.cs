using System.Buffers;
using System.Text;

namespace MassTransit.Sidekiq.Tests.Jobs;

public sealed class JobArgumentsTests
{
    const string Message = """{"year":7,"to":"é"}""";

    static readonly Guid id = new("a1b2c3d4-0000-0000-0000-000000000001");

    [Fact]
    public void Hash_is_the_message_itself_in_a_list() => Assert.Equal($"[{Message}]", Write(SidekiqArgs.Hash));

    [Fact]
    public void Positional_arguments_are_its_properties_one_by_one() =>
        Assert.Equal("""[7,"é"]""", Write(SidekiqArgs.Positional));

    [Theory]
    [InlineData(SidekiqArgs.ActiveJob, """[{"year":7,"to":"é","_aj_ruby2_keywords":["year","to"]}]""")]
    [InlineData(SidekiqArgs.ActiveJobPositional, """[7,"é"]""")]
    public void ActiveJob_has_its_arguments_and_is_told_its_id_and_queue(SidekiqArgs args, string arguments)
    {
        var written = Write(args);

        Assert.StartsWith(
            $$"""[{"job_class":"Report","job_id":"{{id}}","provider_job_id":null,"queue_name":"low",""",
            written,
            StringComparison.Ordinal
        );
        Assert.Contains($"\"arguments\":{arguments},", written, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SidekiqArgs.Hash)]
    [InlineData(SidekiqArgs.Positional)]
    [InlineData(SidekiqArgs.ActiveJob)]
    [InlineData(SidekiqArgs.ActiveJobPositional)]
    public void What_is_written_is_read_as_the_same_message(SidekiqArgs args) =>
        Assert.Equal(Message, Read(args, Write(args)));

    [Fact]
    public void Text_that_is_no_UTF_8_is_repaired()
    {
        byte[] json = [.. "{\"args\":[{\"to\":\"a"u8, 0xff, .. "b\"}]}"u8];

        var message = Contract(SidekiqArgs.Hash).ReadArgs(SidekiqJob.Parse(json, "low"));

        Assert.Equal("{\"to\":\"a\ufffdb\"}", Encoding.UTF8.GetString(message.Span));
    }

    static string Write(SidekiqArgs args)
    {
        var output = new ArrayBufferWriter<byte>();
        Contract(args).WriteArgs(Encoding.UTF8.GetBytes(Message), output, id, "low");
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    static string Read(SidekiqArgs args, string written)
    {
        var job = SidekiqJob.Parse(Encoding.UTF8.GetBytes($$"""{"args":{{written}}}"""), "low");
        return Encoding.UTF8.GetString(Contract(args).ReadArgs(job).Span);
    }

    static JobContract Contract(SidekiqArgs args) =>
        new()
        {
            MessageType = typeof(object),
            Class = "Report",
            Args = args,
            Parameters =
            [
                new JobParameter("year", typeof(int), isOptional: false),
                new JobParameter("to", typeof(string), isOptional: false),
            ],
        };
}
