using System.Text;
using MassTransit.Sidekiq.Tests.Jobs;

namespace MassTransit.Sidekiq.Tests.Receiving;

public sealed class JobToMessageTests
{
    const string Type = "\"type\":[\"urn:message:Shop:Order\"]";

    readonly JobContracts contracts = new();

    [Theory]
    [InlineData(""" [{"orderId":1}]""", """{"orderId":1}""")]
    [InlineData("""[ {"orderId" : 1, "x":[2]} ]""", """{"orderId" : 1, "x":[2]}""")]
    public void Job_of_a_known_class_is_read_as_its_contract_says(string args, string message) =>
        Assert.Equal(message, Read($$"""{"class":"A","args":{{args}}}""", contracts.For<SubmitOrder>()));

    [Fact]
    public void Contract_decides_over_the_names_that_the_sender_gave()
    {
        var message = Read(
            """{"args":["a1b2c3d4-0000-0000-0000-000000000001",2.5,"USD"],"mt":{"args":["x","y","z"]}}""",
            contracts.For<MakeInvoice>()
        );

        Assert.Equal("""{"orderId":"a1b2c3d4-0000-0000-0000-000000000001","total":2.5,"currency":"USD"}""", message);
    }

    [Fact]
    public void Job_of_an_unknown_class_is_read_by_the_names_that_its_sender_gave_its_arguments() =>
        Assert.Equal(
            """{"orderId":7,"customer":"é"}""",
            Read($$$"""{"class":"A","args":[7,"é"],"mt":{{{{Type}}},"args":["orderId","customer"]}}""")
        );

    [Fact]
    public void Names_that_do_not_fit_the_arguments_are_not_used() =>
        Assert.Equal(
            """{"orderId":7}""",
            Read($$$"""{"class":"A","args":[{"orderId":7}],"mt":{{{{Type}}},"args":["orderId","customer"]}}""")
        );

    [Theory]
    [InlineData("ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper")]
    [InlineData("Sidekiq::ActiveJob::Wrapper")]
    public void ActiveJob_of_an_unknown_class_is_read_by_its_keywords(string wrapper) =>
        Assert.Equal(
            """{"year":7}""",
            Read(
                $$$"""{"class":"{{{wrapper}}}","args":[{"arguments":[{"year":7,"_aj_ruby2_keywords":["year"]}]}],"mt":{{{{Type}}}}}"""
            )
        );

    [Fact]
    public void Job_of_an_unknown_class_whose_sender_named_its_type_is_its_one_argument() =>
        Assert.Equal("""{"orderId" : 7}""", Read($$$"""{"class":"A","args":[{"orderId" : 7}],"mt":{{{{Type}}}}}"""));

    [Theory]
    [InlineData("""{"class":"A","args":[{}]}""", "A")]
    [InlineData("""{"class":"A","args":[{}],"mt":{}}""", "A")]
    [InlineData("""{"class":"A","args":[{},{}],"mt":{"type":["urn:message:Shop:Order"]}}""", "A")]
    [InlineData("""{"class":"A","args":[],"mt":{"type":["urn:message:Shop:Order"]}}""", "A")]
    [InlineData("""{"class":"Sidekiq::ActiveJob::Wrapper","wrapped":"Report","args":[{}]}""", "Report")]
    public void Job_whose_message_nobody_can_tell_names_its_class_and_those_that_are_taken(string json, string name)
    {
        var fault = Assert.Throws<UnknownJobClassException>(() => Read(json));

        Assert.All(
            [$"'{name}'", "'high'", "'Billing::InvoiceWorker'"],
            named => Assert.Contains(named, fault.Message, StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Envelope_is_the_one_object_whatever_the_contract_says() =>
        Assert.Equal(
            """{"message":{"orderId":7}}""",
            Read(
                """{"args":[{"message":{"orderId":7}}],"mt":{"ct":"application/vnd.masstransit+json"}}""",
                contracts.For<MakeInvoice>()
            )
        );

    [Fact]
    public void Text_of_an_envelope_that_is_no_UTF_8_is_repaired()
    {
        byte[] json =
        [
            .. "{\"args\":[{\"a\":\""u8,
            0xff,
            .. "\"}],\"mt\":{\"ct\":\"application/vnd.masstransit+json\"}}"u8,
        ];

        Assert.Equal("{\"a\":\"\ufffd\"}", Read(SidekiqJob.Parse(json, "orders"), null));
    }

    [Theory]
    [InlineData("[{},{}]", "2 arguments")]
    [InlineData("[]", "0 arguments")]
    public void Envelope_that_is_not_alone_does_not_fit(string args, string count)
    {
        var fault = Assert.Throws<JobArgumentsException>(() =>
            Read($$$"""{"class":"A","args":{{{args}}},"mt":{"ct":"application/vnd.masstransit+json"}}""")
        );

        Assert.All(
            ["'A'", "application/vnd.masstransit+json", count],
            named => Assert.Contains(named, fault.Message, StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Body_that_is_no_JSON_is_decoded() =>
        Assert.Equal(
            "sealed",
            Read($$$"""{"args":["{{{Base64("sealed")}}}"],"mt":{"ct":"application/octet-stream"}}""")
        );

    [Theory]
    [InlineData("[{}]")]
    [InlineData("[null]")]
    [InlineData("[\"no base64!\"]")]
    [InlineData("[]")]
    [InlineData("[\"c2VhbGVk\",1]")]
    public void Body_that_is_no_base64_does_not_fit(string args)
    {
        var fault = Assert.Throws<JobArgumentsException>(() =>
            Read($$$"""{"class":"A","args":{{{args}}},"mt":{"ct":"application/octet-stream"}}""")
        );

        Assert.All(
            ["'A'", "application/octet-stream", "base64"],
            named => Assert.Contains(named, fault.Message, StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/vnd.sidekiq.snake+json")]
    public void Type_of_a_bare_body_leaves_the_arguments_to_the_contract(string type) =>
        Assert.Equal(
            """{"orderId":7}""",
            Read($$$"""{"args":[{"orderId":7}],"mt":{"ct":"{{{type}}}"}}""", contracts.For<SubmitOrder>())
        );

    [Fact]
    public void Body_is_read_once_and_keeps_why_it_could_not_be()
    {
        var job = SidekiqJob.Parse("""{"class":"A","args":[1],"mt":{"ct":"no type"}}"""u8.ToArray(), "orders");
        var body = new JobMessageBody(job, contract: null, Endpoint());
        Assert.Null(body.Fault);

        var fault = Assert.Throws<JobArgumentsException>(() => body.Json);

        Assert.Same(fault, body.Fault);
        Assert.Contains("'A'", fault.Message, StringComparison.Ordinal);
        Assert.IsType<FormatException>(fault.InnerException);
    }

    string Read(string json, JobContract? contract = null) =>
        Read(SidekiqJob.Parse(Encoding.UTF8.GetBytes(json), "orders"), contract);

    string Read(SidekiqJob job, JobContract? contract) =>
        Encoding.UTF8.GetString(JobToMessage.Read(job, contract, Endpoint()).Span);

    EndpointSettings Endpoint()
    {
        var (queues, classes) = (new QueueOrder("orders"), new JobClassMap());
        queues.Strict("high");
        classes.Add(contracts.For<MakeInvoice>());
        return new EndpointSettings
        {
            Name = "orders",
            Queues = queues,
            Classes = classes,
            Topics = [],
            Concurrency = 1,
            FailureOptions = JobFailureOptions.None,
        };
    }

    static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
