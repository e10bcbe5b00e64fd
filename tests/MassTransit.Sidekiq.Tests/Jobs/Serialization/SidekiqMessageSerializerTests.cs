using System.Runtime.Serialization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MassTransit.Context;
using MassTransit.Events;
using MassTransit.Serialization;

namespace MassTransit.Sidekiq.Tests.Jobs;

public class SidekiqMessageSerializerTests
{
    readonly SidekiqMessageSerializer serializer = new(SidekiqNaming.CamelCase);

    [Theory]
    [InlineData(SidekiqNaming.CamelCase, "application/json", """{"orderId":42,"customer":"é"}""")]
    [InlineData(SidekiqNaming.SnakeCase, "application/vnd.sidekiq.snake+json", """{"order_id":42,"customer":"é"}""")]
    [InlineData(SidekiqNaming.AsDeclared, "application/vnd.sidekiq.declared+json", """{"OrderId":42,"Customer":"é"}""")]
    public void Body_is_the_bare_message(SidekiqNaming naming, string contentType, string expected)
    {
        var factory = new SidekiqSerializerFactory(naming);

        var body = factory
            .CreateSerializer()
            .GetMessageBody(new MessageSendContext<SubmitOrder>(new SubmitOrder(42, "é")));

        Assert.Equal(expected, body.GetString());
        Assert.Equal(Encoding.UTF8.GetBytes(expected), body.GetBytes());
        Assert.Equal(body.GetBytes().Length, body.Length);
        Assert.Equal(contentType, factory.ContentType.MediaType);
        Assert.Equal(contentType, factory.CreateSerializer().ContentType.MediaType);
        Assert.True(
            factory
                .CreateDeserializer()
                .Deserialize(body, new DictionarySendHeaders())
                .TryGetMessage<SubmitOrder>(out var message)
        );
        Assert.Equal(new SubmitOrder(42, "é"), message);
    }

    [Fact]
    public void Ids_and_types_come_from_the_transport()
    {
        var headers = new DictionarySendHeaders();
        var id = NewId.NextGuid();
        headers.Set(MessageHeaders.MessageId, id.ToString());
        headers.Set(MessageHeaders.MessageType, MessageUrn.ForTypeString<SubmitOrder>());
        headers.Set("tenant", "acme");

        var context = Deserialize("""{"orderId":42}""", headers);

        Assert.Equal(id, context.MessageId);
        Assert.Equal("acme", context.Headers.Get<string>("tenant"));
        Assert.True(context.IsSupportedMessageType<SubmitOrder>());
        Assert.False(context.IsSupportedMessageType<MakeInvoice>());
        headers.Set(
            MessageHeaders.MessageType,
            "URN:MESSAGE:X;" + MessageUrn.ForTypeString<MakeInvoice>().ToUpperInvariant()
        );
        Assert.True(Deserialize("{}", headers).IsSupportedMessageType<MakeInvoice>());
        Assert.False(context.TryGetMessage<MakeInvoice>(out _));
        Assert.True(context.TryGetMessage<SubmitOrder>(out var message));
        Assert.Equal(42, message!.OrderId);
    }

    [Fact]
    public void Message_behind_an_interface_is_made()
    {
        var context = Deserialize("""{"flight":"LH1","row":7,"seat":"A"}""");

        Assert.True(context.TryGetMessage(typeof(IReserveSeat), out var message));
        var seat = Assert.IsType<IReserveSeat>(message, exactMatch: false);
        Assert.Equal(("LH1", 7, "A"), (seat.Flight, seat.Row, seat.Seat));
        Assert.Equal("""{"flight":"LH1","row":7,"seat":"A"}""", SortedJson(Serialize(seat)));
    }

    [Fact]
    public void Message_can_be_taken_as_JSON()
    {
        Assert.True(Deserialize("""{"a":[1]}""").TryGetMessage<JsonObject>(out var message));
        Assert.Equal(1, (int)message!["a"]![0]!);
    }

    [Fact]
    public void Fault_of_a_message_comes_back()
    {
        Fault<SubmitOrder> fault = new FaultEvent<SubmitOrder>(
            new SubmitOrder(42),
            NewId.NextGuid(),
            HostMetadataCacheHost(),
            new InvalidOperationException("boom"),
            [MessageUrn.ForTypeString<SubmitOrder>()]
        );

        Assert.True(Deserialize(Serialize(fault)).TryGetMessage(typeof(Fault<SubmitOrder>), out var message));

        var read = Assert.IsType<Fault<SubmitOrder>>(message, exactMatch: false);
        Assert.Equal(42, read.Message.OrderId);
        Assert.Equal("boom", Assert.Single(read.Exceptions).Message);
    }

    [Fact]
    public async Task Large_text_kept_outside_the_message_is_still_found()
    {
        var repository = new MassTransit.MessageData.InMemoryMessageDataRepository();
        var data = await repository.PutString(new string('x', 10), TestContext.Current.CancellationToken);

        var body = Serialize(new Letter { Text = data });

        Assert.Contains(data.Address.ToString(), body, StringComparison.Ordinal);
        Assert.True(Deserialize(body).TryGetMessage<Letter>(out var letter));
        Assert.Equal(data.Address, letter!.Text!.Address);
    }

    [Fact]
    public void Body_that_is_passed_on_keeps_what_nobody_knows()
    {
        const string json = """{"orderId":42,"future":{"x":1.50}}""";
        var context = Deserialize(json);

        var body = context
            .GetMessageSerializer()
            .GetMessageBody(new MessageSendContext<SubmitOrder>(new SubmitOrder(1)));

        Assert.Equal(json, body.GetString());
        Assert.Equal("application/json", context.GetMessageSerializer().ContentType.MediaType);
    }

    [Fact]
    public void Body_survives_the_text_column_of_an_outbox()
    {
        const string json = """{"customer":"é😀","orderId":42}""";
        IMessageDeserializer deserializer = new SidekiqMessageSerializer(SidekiqNaming.CamelCase);
        var stored = Deserialize(json)
            .GetMessageSerializer()
            .GetMessageBody(new MessageSendContext<SubmitOrder>(new SubmitOrder(1)))
            .GetString();

        var loaded = deserializer.Deserialize(
            deserializer.GetMessageBody(stored),
            new DictionarySendHeaders(),
            new Uri("sidekiq://localhost/orders")
        );

        var sent = loaded
            .GetMessageSerializer()
            .GetMessageBody(new MessageSendContext<SerializedMessageBody>(new SerializedMessageBody()));
        Assert.Equal(json, sent.GetString());
        Assert.Equal(Encoding.UTF8.GetBytes(json), sent.GetBytes());
    }

    [Fact]
    public void Another_message_in_its_place_brings_its_types()
    {
        var send = new MessageSendContext<SubmitOrder>(new SubmitOrder(1));

        var body = Deserialize("{}")
            .GetMessageSerializer(new MakeInvoice(Guid.Empty, 1), ["urn:message:X"])
            .GetMessageBody(send);

        Assert.Equal(
            """{"orderId":"00000000-0000-0000-0000-000000000000","total":1.0,"currency":"EUR"}""",
            body.GetString()
        );
        Assert.Equal(["urn:message:X"], send.SupportedMessageTypes);
    }

    [Fact]
    public void Overlay_changes_its_properties_and_keeps_the_others()
    {
        var context = Deserialize("""{"orderId":1,"future":true}""");
        var envelope = new JsonMessageEnvelope(context, JsonElement.Parse("""{"orderId":1,"future":true}"""), []);

        var body = context
            .GetMessageSerializer(envelope, new SubmitOrder(2, "x"))
            .GetMessageBody(new MessageSendContext<SubmitOrder>(new SubmitOrder(2)));

        Assert.Equal("""{"orderId":2,"future":true,"customer":"x"}""", body.GetString());
    }

    [Fact]
    public void Message_becomes_a_dictionary()
    {
        var values = Deserialize("{}").ToDictionary(new SubmitOrder(42, "x"));

        Assert.Equal(["orderId", "customer"], values.Keys);
        Assert.Equal("42", values["orderId"].ToString());
        Assert.Empty(Deserialize("{}").ToDictionary<SubmitOrder>(null));
    }

    [Fact]
    public void Empty_body_is_a_message_without_properties()
    {
        Assert.True(Deserialize("").TryGetMessage<Empty>(out _));
    }

    [Theory]
    [InlineData(
        """{"orderId":"x"}""",
        "The job does not fit SubmitOrder: $.orderId is a string, but SubmitOrder takes int there. Change the sender, or the type in SubmitOrder."
    )]
    [InlineData("""{"orderId":null}""", "$.orderId is null, but SubmitOrder takes int there")]
    [InlineData("""{"customer":{"secret":1}}""", "$.customer is an object, but SubmitOrder takes string there")]
    [InlineData("[]", "$ is an array, but SubmitOrder takes SubmitOrder there")]
    [InlineData(
        """{"customer":"\ud800"}""",
        "The job does not fit SubmitOrder: $.customer is a string, but SubmitOrder takes string there"
    )]
    [InlineData("""{"orderId":1""", "The job does not fit SubmitOrder: '1' is an invalid end of a number")]
    [InlineData("null", "")]
    public void Argument_that_does_not_fit_is_named(string body, string reason)
    {
        if (reason.Length == 0)
        {
            Assert.False(Deserialize(body).TryGetMessage<SubmitOrder>(out _));
            return;
        }

        var refusal = Assert.ThrowsAny<SerializationException>(() =>
            Deserialize(body).TryGetMessage<SubmitOrder>(out _)
        );
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Property_that_must_be_there_and_is_not_is_named()
    {
        var refusal = Assert.ThrowsAny<SerializationException>(() => Deserialize("{}").TryGetMessage<MoveStock>(out _));

        Assert.StartsWith(
            "The job does not fit MoveStock: JSON deserialization for type",
            refusal.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("isUrgent", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Number_that_Rails_wrote_as_text_is_read()
    {
        Assert.True(
            Deserialize("""{"value":"1.5","ratio":"0.1","amount":"2.50"}""").TryGetMessage<Numbers>(out var message)
        );

        Assert.Equal(new Numbers(1.5, 0.1f, 2.50m), message);
    }

    [Theory]
    [InlineData("NaN")]
    [InlineData("1,5")]
    [InlineData("")]
    public void Text_that_is_no_number_is_refused(string text)
    {
        Assert.ThrowsAny<SerializationException>(() =>
            Deserialize($$"""{"value":"{{text}}"}""").TryGetMessage<Numbers>(out _)
        );
    }

    [Fact]
    public void Argument_deep_inside_that_does_not_fit_is_named()
    {
        const string body = """{"numbers":[1,2,"x"],"prices":{"a b":1}}""";

        var refusal = Assert.ThrowsAny<SerializationException>(() =>
            Deserialize(body).TryGetMessage<Everything>(out _)
        );

        Assert.Contains(
            "$.numbers[2] is a string, but Everything takes double there",
            refusal.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Arguments_are_read_as_deep_as_a_job_may_be()
    {
        var deep = new string('[', 97) + new string(']', 97);

        Assert.True(Deserialize($$"""{"value":{{deep}}}""").TryGetMessage<Anything>(out _));
    }

    [Fact]
    public void Message_that_cannot_be_written_is_a_serialization_failure()
    {
        var refusal = Assert.ThrowsAny<SerializationException>(() => Serialize(new Ratio(double.NaN)));

        Assert.Contains(
            "Ratio cannot be written as JSON: NaN is not a number that JSON can hold",
            refusal.Message,
            StringComparison.Ordinal
        );
    }

    SerializerContext Deserialize(string json, Headers? headers = null) =>
        serializer.Deserialize(
            new Utf8MessageBody(Encoding.UTF8.GetBytes(json)),
            headers ?? new DictionarySendHeaders()
        );

    string Serialize<T>(T message)
        where T : class => serializer.GetMessageBody(new MessageSendContext<T>(message)).GetString();

    static string SortedJson(string json) =>
        new JsonObject(
            JsonNode
                .Parse(json)!
                .AsObject()
                .OrderBy(member => member.Key, StringComparer.Ordinal)
                .Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone()))
        ).ToJsonString();

    static HostInfo HostMetadataCacheHost() => MassTransit.Metadata.HostMetadataCache.Host;

    public class Letter
    {
        public MessageData<string>? Text { get; set; }
    }

    public record Ratio(double Value);

    public record Anything(object Value);

    public record Numbers(double Value, float? Ratio, decimal Amount);
}
