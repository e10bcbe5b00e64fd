using System.Net.Mime;
using System.Text;
using MassTransit.Logging;
using MassTransit.Sidekiq.Tests.Jobs;

namespace MassTransit.Sidekiq.Tests.Sending;

public sealed class MessageToJobTests
{
    static readonly DateTimeOffset now = TestClock.Start;
    static readonly Guid[] ids = [.. Enumerable.Range(0, 6).Select(_ => NewId.NextGuid())];

    readonly JobContracts contracts = new();

    [Fact]
    public void Draft_is_of_the_class_of_its_contract_and_of_now()
    {
        var draft = Draft(Context(new MakeInvoice(ids[0], 1)));

        Assert.Equal("Billing::InvoiceWorker", draft.Class);
        Assert.Null(draft.Wrapped);
        Assert.Equal(now, draft.CreatedAt);
        Assert.Null(draft.EnqueuedAt);
        Assert.Equal(SidekiqTimeFormat.IntegerMilliseconds, draft.TimeFormat);
    }

    [Fact]
    public void ActiveJob_stands_in_its_wrapper()
    {
        var draft = Draft(Context(new NightlyReport(7, []), SidekiqNaming.SnakeCase));

        Assert.Equal((ActiveJobWrapper.Name, "Reports::Nightly"), (draft.Class, draft.Wrapped));
    }

    [Fact]
    public void What_was_set_on_the_message_wins_over_its_contract()
    {
        var context = Context(new MakeInvoice(ids[0], 1));
        context.JobClass = "Other";
        context.Options = new JobOptions { Dead = false };

        var draft = Draft(context);

        Assert.Equal("Other", draft.Class);
        Assert.Equal((false, SidekiqRetry.Times(5)), (draft.Options.Dead, draft.Options.Retry));
    }

    [Fact]
    public void Each_property_of_the_message_has_its_place()
    {
        var context = Context(new MakeInvoice(ids[0], 1));
        (context.MessageId, context.ConversationId, context.CorrelationId) = (ids[0], ids[1], ids[2]);
        (context.RequestId, context.InitiatorId, context.ScheduledMessageId) = (ids[3], ids[4], ids[5]);
        context.SourceAddress = new Uri("sidekiq://localhost/source");
        context.ResponseAddress = new Uri("sidekiq://localhost/answers?temporary=true");
        context.FaultAddress = new Uri("rabbitmq://broker/faults");
        (context.RoutingKey, context.PartitionKey) = ("route", "part");

        var metadata = Draft(context).Metadata!;

        Assert.Equal(
            ids.Select(id => (Guid?)id),
            [
                metadata.MessageId,
                metadata.ConversationId,
                metadata.CorrelationId,
                metadata.RequestId,
                metadata.InitiatorId,
                metadata.SchedulingToken,
            ]
        );
        Assert.Equal(
            ("/source", "/answers?temporary=true", "rabbitmq://broker/faults"),
            (metadata.SourceAddress, metadata.ResponseAddress, metadata.FaultAddress)
        );
        Assert.Null(metadata.DestinationAddress);
        Assert.Equal(("route", "part"), (metadata.RoutingKey, metadata.PartitionKey));
        Assert.Equal([MessageUrn.ForTypeString<MakeInvoice>()], metadata.MessageTypes);
        Assert.Equal(["orderId", "total", "currency"], metadata.ArgumentNames);
        Assert.Equal(JobHost.Current, metadata.Host);
        Assert.Null(metadata.ContentType);
        Assert.Null(metadata.Ledger);
    }

    [Fact]
    public void Message_expires_so_long_after_it_is_due()
    {
        var context = Context(new MakeInvoice(ids[0], 1));
        Assert.Null(Draft(context).Metadata!.ExpiresAt);

        context.TimeToLive = TimeSpan.FromMinutes(1);
        Assert.Equal(now.AddMinutes(1), Draft(context).Metadata!.ExpiresAt);

        context.Delay = TimeSpan.FromHours(1);
        Assert.Equal(now.AddMinutes(61), Draft(context).Metadata!.ExpiresAt);
    }

    [Fact]
    public void Life_of_a_message_is_that_of_its_send_before_that_of_its_job()
    {
        var context = Context(new MakeInvoice(ids[0], 1));
        context.Options = new JobOptions { ExpiresIn = TimeSpan.FromHours(1) };
        Assert.Equal((TimeSpan.FromHours(1), now.AddHours(1)), Life());

        context.TimeToLive = TimeSpan.FromHours(2);
        Assert.Equal((TimeSpan.FromHours(2), now.AddHours(2)), Life());

        context.TimeToLive = TimeSpan.MaxValue;
        Assert.Null(Life().ExpiresAt);

        (TimeSpan? ExpiresIn, DateTimeOffset? ExpiresAt) Life() =>
            Draft(context) is var draft ? (draft.Options.ExpiresIn, draft.Metadata!.ExpiresAt) : default;
    }

    [Fact]
    public void Headers_that_have_a_place_of_their_own_are_left_out()
    {
        var context = Context(new MakeInvoice(ids[0], 1));
        string[] placed =
        [
            MessageHeaders.ContentType,
            MessageHeaders.Host.Info,
            MessageHeaders.SchedulingTokenId,
            MessageHeaders.MessageId,
            MessageHeaders.MessageType,
            MessageHeaders.TransportMessageId,
        ];
        Array.ForEach(placed, header => context.Headers.Set(header.ToUpperInvariant(), "placed"));
        context.Headers.Set(DiagnosticHeaders.ActivityId, "00-1-2-01");
        context.Headers.Set("tenant", "acme");
        context.Headers.Set("number", 42);

        var draft = Draft(context);

        Assert.Equal("00-1-2-01", draft.TraceParent);
        Assert.Equal(new Dictionary<string, object?> { ["tenant"] = "acme", ["number"] = 42 }, draft.Metadata!.Headers);
    }

    [Theory]
    [InlineData(SidekiqNaming.CamelCase, """["a1b2c3d4-0000-0000-0000-000000000001",2.5,"EUR"]""")]
    [InlineData(SidekiqNaming.SnakeCase, """["a1b2c3d4-0000-0000-0000-000000000001",2.5,"EUR"]""")]
    public void JSON_takes_the_shape_that_its_contract_names(SidekiqNaming naming, string expected)
    {
        var context = Context(new MakeInvoice(new Guid("a1b2c3d4-0000-0000-0000-000000000001"), 2.5m), naming);

        var (args, contentType) = MessageToJob.Args(context, contracts.Of(context));

        Assert.Equal(expected, Text(args));
        Assert.Equal(JobContentType.Of(SidekiqNaming.CamelCase), contentType);
        Assert.False(MessageToJob.IsBody(context, contracts.Of(context)));
    }

    [Fact]
    public void Message_without_a_contract_is_its_body_in_a_list()
    {
        var context = Context(new SubmitOrder(7));

        Assert.Equal("""[{"orderId":7}]""", Text(Draft(context).Args));
        Assert.True(MessageToJob.IsBody(context, contracts.Of(context)));
        Assert.True(MessageToJob.DraftOfBody(context, contracts.Of(context), now, default).Args.IsEmpty);
        Assert.Empty(Draft(context).Metadata!.ArgumentNames);
    }

    [Fact]
    public void Envelope_stands_as_it_is_whatever_the_shape_and_says_what_it_is()
    {
        var context = Context(new MakeInvoice(ids[0], 1));
        context.Serializer = new Fixed("application/vnd.masstransit+json", """{"message":{}}""");

        var draft = Draft(context);

        Assert.Equal("""[{"message":{}}]""", Text(draft.Args));
        Assert.Equal("application/vnd.masstransit+json", draft.Metadata!.ContentType);
        Assert.Empty(draft.Metadata.ArgumentNames);
    }

    [Fact]
    public void Body_that_is_no_JSON_stands_as_base64()
    {
        var context = Context(new SubmitOrder(7));
        context.Serializer = new Fixed("application/octet-stream", "é");

        var draft = Draft(context);

        Assert.Equal("""["w6k="]""", Text(draft.Args));
        Assert.Equal("application/octet-stream", draft.Metadata!.ContentType);
        Assert.False(MessageToJob.IsBody(context, contracts.Of(context)));
    }

    [Fact]
    public void Staged_arguments_are_sent_as_they_were_staged()
    {
        var context = Context(new SubmitOrder(7));
        context.ReadPropertiesFrom(
            new Dictionary<string, object> { [JobProperties.Class] = "Pay", [JobProperties.Args] = "[1,2]" }
        );

        Assert.Equal("[1,2]", Text(Draft(context).Args));
        Assert.False(MessageToJob.IsBody(context, contracts.Of(context)));
    }

    JobDraft Draft<T>(JobSendContext<T> context)
        where T : class =>
        MessageToJob.Draft(context, contracts.Of(context), now, SidekiqTimeFormat.IntegerMilliseconds);

    static JobSendContext<T> Context<T>(T message, SidekiqNaming naming = SidekiqNaming.CamelCase)
        where T : class => new(message, CancellationToken.None) { Serializer = new SidekiqMessageSerializer(naming) };

    static string Text(ReadOnlyMemory<byte> json) => Encoding.UTF8.GetString(json.Span);

    // Writes every message the same.
    sealed class Fixed(string contentType, string text) : IMessageSerializer
    {
        public ContentType ContentType { get; } = new(contentType);

        public MessageBody GetMessageBody<T>(SendContext<T> context)
            where T : class => new StringMessageBody(text);
    }
}
