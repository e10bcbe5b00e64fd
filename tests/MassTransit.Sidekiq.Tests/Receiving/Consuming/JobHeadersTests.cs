using System.Globalization;
using System.Text;
using MassTransit.Logging;

namespace MassTransit.Sidekiq.Tests.Receiving;

public sealed class JobHeadersTests
{
    static readonly Uri host = new("sidekiq://redis-1:7000/2/");

    // What stands in the metadata of a job, the header that it is known by, and its value there.
    [Theory]
    [InlineData("id", "\"a1b2c3d4-0000-0000-0000-000000000001\"", MessageHeaders.MessageId)]
    [InlineData("corr", "\"a1b2c3d4-0000-0000-0000-000000000001\"", MessageHeaders.CorrelationId)]
    [InlineData("conv", "\"a1b2c3d4-0000-0000-0000-000000000001\"", MessageHeaders.ConversationId)]
    [InlineData("req", "\"a1b2c3d4-0000-0000-0000-000000000001\"", MessageHeaders.RequestId)]
    [InlineData("init", "\"a1b2c3d4-0000-0000-0000-000000000001\"", MessageHeaders.InitiatorId)]
    [InlineData("token", "\"a1b2c3d4-0000-0000-0000-000000000001\"", MessageHeaders.SchedulingTokenId)]
    [InlineData("src", "\"/orders\"", MessageHeaders.SourceAddress, "sidekiq://redis-1:7000/2/orders")]
    [InlineData(
        "res",
        "\"/a?temporary=true\"",
        MessageHeaders.ResponseAddress,
        "sidekiq://redis-1:7000/2/a?temporary=true"
    )]
    [InlineData("fault", "\"queue:faults\"", MessageHeaders.FaultAddress, "queue:faults")]
    [InlineData(
        "dst",
        "\"/Shop:Order?type=topic\"",
        "TransportDestinationAddress",
        "sidekiq://redis-1:7000/2/Shop:Order?type=topic"
    )]
    public void Metadata_is_found_under_the_name_that_MassTransit_looks_for(
        string key,
        string value,
        string header,
        string expected = "a1b2c3d4-0000-0000-0000-000000000001"
    )
    {
        Assert.Equal(expected, $"{Get($$$"""{"mt":{"{{{key}}}":{{{value}}}}}""", header)}");
        Assert.Null(Get("""{"mt":{}}""", header));
        Assert.Null(Get("{}", header));
    }

    [Fact]
    public void What_the_job_itself_says_is_found_as_well()
    {
        var time = TestClock.Start;
        var job = string.Create(
            CultureInfo.InvariantCulture,
            $$$"""{"jid":"j1d","created_at":{{{TestClock.Seconds(time)}}},"traceparent":"00-1-2-01","mt":{"exp":{{{TestClock.Seconds(time.AddHours(1))}}}}}"""
        );

        Assert.Equal("j1d", Get(job, MessageHeaders.TransportMessageId));
        Assert.Equal(time.UtcDateTime, Get(job, MessageHeaders.TransportSentTime));
        Assert.Equal(time.AddHours(1).UtcDateTime, Get(job, "TransportExpirationTime"));
        Assert.Equal("00-1-2-01", Get(job, DiagnosticHeaders.ActivityId));
    }

    [Fact]
    public void Sender_is_known_by_the_process_that_it_was()
    {
        var sender = Assert.IsAssignableFrom<HostInfo>(
            Get("""{"mt":{"host":{"name":"web-1","pid":7}}}""", MessageHeaders.Host.Info)
        );

        Assert.Equal(("web-1", 7), (sender.MachineName, sender.ProcessId));
        Assert.Same(JobHost.Unknown, Get("""{"mt":{}}""", MessageHeaders.Host.Info));
        Assert.Same(JobHost.Unknown, Get("{}", MessageHeaders.Host.Info));
    }

    [Fact]
    public void Message_id_of_a_foreign_job_is_made_of_its_jid_and_the_same_each_time()
    {
        const string Job = """{"jid":"6a53acef47bc238203ae6a7e"}""";

        Assert.Equal(JobId.ToMessageId("6a53acef47bc238203ae6a7e"), Get(Job, MessageHeaders.MessageId));
        Assert.Equal(Get(Job, MessageHeaders.MessageId), Get(Job, MessageHeaders.MessageId));
        Assert.Null(Get("{}", MessageHeaders.MessageId));
    }

    [Fact]
    public void Type_of_a_foreign_job_is_that_of_its_class()
    {
        var contract = new JobContracts().For<SubmitOrder>();

        Assert.Equal(contract.Urn, Get("{}", MessageHeaders.MessageType, contract));
        Assert.Equal(contract.Urn, Get("""{"mt":{}}""", MessageHeaders.MessageType, contract));
        Assert.Null(Get("{}", MessageHeaders.MessageType));
    }

    [Fact]
    public void Types_are_those_that_the_sender_named_unless_the_class_was_rewritten()
    {
        var contract = new JobContracts().For<SubmitOrder>();
        var own = $$$"""{"mt":{"type":["urn:message:Shop:IOrder","{{{contract.Urn.ToUpperInvariant()}}}"]}}""";
        const string Others = """{"mt":{"type":["urn:message:Shop:Order","urn:message:Shop:IOrder"]}}""";

        Assert.Equal(
            $"urn:message:Shop:IOrder;{contract.Urn.ToUpperInvariant()}",
            Get(own, MessageHeaders.MessageType, contract)
        );
        Assert.Equal(contract.Urn, Get(Others, MessageHeaders.MessageType, contract));
        Assert.Equal("urn:message:Shop:Order;urn:message:Shop:IOrder", Get(Others, MessageHeaders.MessageType));
    }

    [Fact]
    public void Headers_of_the_message_are_found_whatever_their_case_and_told_with_the_rest()
    {
        const string Job = """{"mt":{"headers":{"Tenant":"acme","number":42,"none":null}}}""";

        Assert.Equal("acme", Get(Job, "tenant"));
        Assert.Equal(42L, Get(Job, "number"));
        Assert.Null(Get(Job, "none"));
        Assert.Null(Get(Job, "other"));
        Assert.Equal(["Tenant", "number"], Headers(Job).GetAll().Select(header => header.Key));
        Assert.Empty(Headers("{}").GetAll());
    }

    [Fact]
    public void Header_of_the_name_of_a_place_counts_only_where_that_is_empty()
    {
        const string Header = "\"headers\":{\"MT-Source-Address\":\"of a header\"}";

        Assert.Equal("of a header", Get($$$"""{"mt":{{{{Header}}}}}""", MessageHeaders.SourceAddress));
        Assert.Equal("queue:own", Get($$$"""{"mt":{"src":"queue:own",{{{Header}}}}}""", MessageHeaders.SourceAddress));
    }

    static object? Get(string json, string header, JobContract? contract = null) =>
        Headers(json, contract).TryGetHeader(header, out var value) ? value : null;

    static JobHeaders Headers(string json, JobContract? contract = null) =>
        new(SidekiqJob.Parse(Encoding.UTF8.GetBytes(json), "orders"), contract, host);
}
