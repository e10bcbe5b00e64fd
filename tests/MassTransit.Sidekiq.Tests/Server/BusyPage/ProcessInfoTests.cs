using System.Text;
using System.Text.Json;

namespace MassTransit.Sidekiq.Tests.Server;

public class ProcessInfoTests
{
    static readonly DateTimeOffset now = TestClock.Start;

    [Fact]
    public void Job_is_shown_as_it_stands_in_Redis_with_its_queue_and_since_when_it_runs()
    {
        const string Json = """{"class":"Pay","args":[1,"\u00fc<é>"],"jid":"j1d","queue":"elsewhere"}""";

        var work = Work(Json);

        Assert.Equal("orders", work.GetProperty("queue").GetString());
        Assert.Equal(Json, work.GetProperty("payload").GetString());
        Assert.Equal(now.ToUnixTimeSeconds(), work.GetProperty("run_at").GetInt64());
    }

    [Fact]
    public void Job_of_16_KB_is_shown_whole_and_a_larger_one_without_its_arguments()
    {
        var largest = Sized(16 * 1024);
        Assert.Equal(largest, Work(largest).GetProperty("payload").GetString());

        Assert.Equal(
            """{"class":"Pay","jid":"j1d","queue":"orders","args":["16 KB"]}""",
            Work(Sized((16 * 1024) + 1)).GetProperty("payload").GetString()
        );
    }

    [Fact]
    public void Large_ActiveJob_is_shown_by_the_class_inside_it()
    {
        var arguments = new string('x', 20_000);
        var shown = Payload($$"""{"class":"Wrapper","wrapped":"MailJob","args":["{{arguments}}"],"jid":"j1d"}""");

        Assert.Equal("MailJob", shown.GetProperty("class").GetString());
    }

    [Fact]
    public void Large_job_that_says_neither_class_nor_id_is_still_shown()
    {
        var shown = Payload($$"""{"args":["{{new string('x', 20_000)}}"]}""");

        Assert.Equal(JsonValueKind.Null, shown.GetProperty("class").ValueKind);
        Assert.Equal(JsonValueKind.Null, shown.GetProperty("jid").ValueKind);
        Assert.Equal("orders", shown.GetProperty("queue").GetString());
    }

    [Fact]
    public void Process_without_endpoints_describes_itself_as_every_Web_UI_reads_it()
    {
        var info = JsonElement.Parse(ProcessInfo.Info("host:1:abc", now, isEmbedded: true, []));

        Assert.Equal("host:1:abc", info.GetProperty("identity").GetString());
        Assert.Equal(now, DateTimeOffset.UnixEpoch.AddSeconds(info.GetProperty("started_at").GetDouble()));
        Assert.Equal(Environment.MachineName, info.GetProperty("hostname").GetString());
        Assert.Equal(Environment.ProcessId, info.GetProperty("pid").GetInt32());
        Assert.Equal(0, info.GetProperty("concurrency").GetInt32());
        Assert.True(info.GetProperty("embedded").GetBoolean());
        Assert.Equal("{}", info.GetProperty("capsules").GetRawText());
        Assert.All(["queues", "weights", "labels"], list => Assert.Equal("[]", info.GetProperty(list).GetRawText()));
        Assert.Matches(@"^MassTransit\.Sidekiq \d+\.\d+\.\d+$", info.GetProperty("version").GetString());
    }

    static JsonElement Payload(string json) => JsonElement.Parse(Work(json).GetProperty("payload").GetString()!);

    static JsonElement Work(string json) =>
        JsonElement.Parse(ProcessInfo.Work(SidekiqJob.Parse(Encoding.UTF8.GetBytes(json), "orders"), now));

    static string Sized(int bytes)
    {
        const string Empty = """{"class":"Pay","args":[""],"jid":"j1d"}""";

        return Empty.Replace("\"\"", $"\"{new string('x', bytes - Empty.Length)}\"", StringComparison.Ordinal);
    }
}
