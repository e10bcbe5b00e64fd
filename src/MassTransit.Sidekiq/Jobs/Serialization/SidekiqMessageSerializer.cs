using System.Net.Mime;
using System.Runtime.Serialization;
using System.Text.Json;
using MassTransit.Serialization;

namespace MassTransit.Sidekiq;

// The bare message as JSON, one serializer for each naming. Ids, addresses and types are stored in the job around it.
internal sealed class SidekiqMessageSerializer(SidekiqNaming naming) : IMessageSerializer, IMessageDeserializer
{
    const RawSerializerOptions Raw = RawSerializerOptions.CopyHeaders;

    readonly JsonSerializerOptions options = JobBody.Create(naming);

    public ContentType ContentType => JobContentType.Of(naming);

    // A message that was written before its type was known, renamed to the property names of its contract.
    public static ReadOnlyMemory<byte> Rename(ReadOnlyMemory<byte> json, JobContract contract, SidekiqNaming naming)
    {
        try
        {
            var message = JsonSerializer.Deserialize(json.Span, contract.MessageType, JobBody.Create(naming));
            return message is null ? json : Serialize(message, JobBody.Create(contract.Naming)).Json;
        }
        catch (JsonException fault)
        {
            throw new JobArgumentsException(
                JobMismatch.Describe(json, contract.MessageType, JobBody.Create(naming), fault),
                fault
            );
        }
    }

    public MessageBody GetMessageBody<T>(SendContext<T> context)
        where T : class => Serialize(context.Message, options);

    public MessageBody GetMessageBody(string text) => new StringMessageBody(text);

    public ConsumeContext Deserialize(ReceiveContext receiveContext) =>
        new BodyConsumeContext(
            receiveContext,
            Deserialize(receiveContext.Body, receiveContext.TransportHeaders, receiveContext.InputAddress)
        );

    public SerializerContext Deserialize(MessageBody body, Headers headers, Uri? destinationAddress = null) =>
        new SidekiqSerializerContext(
            Json(body),
            ContentType,
            options,
            new JobMessageContext(headers, destinationAddress, Raw),
            headers.GetMessageTypes(),
            Raw
        );

    public void Probe(ProbeContext context)
    {
        var scope = context.CreateScope("json");
        scope.Add("contentType", ContentType.MediaType);
        scope.Add("naming", naming.ToString());
        scope.Add("provider", "System.Text.Json");
    }

    public static Utf8MessageBody Serialize(object message, JsonSerializerOptions options)
    {
        try
        {
            return new Utf8MessageBody(JsonSerializer.SerializeToUtf8Bytes(message, options));
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException or ArgumentException)
        {
            throw new SerializationException(
                $"{TypeName.Of(message.GetType())} cannot be written as JSON: {exception.Message}",
                exception
            );
        }
    }

    static ReadOnlyMemory<byte> Json(MessageBody body)
    {
        var json = body is JsonMessageBody ours ? ours.Json : body.GetBytes();
        return json.IsEmpty ? "{}"u8.ToArray() : json;
    }
}

internal sealed class SidekiqSerializerFactory(SidekiqNaming naming) : ISerializerFactory
{
    public ContentType ContentType => JobContentType.Of(naming);

    public IMessageSerializer CreateSerializer() => new SidekiqMessageSerializer(naming);

    public IMessageDeserializer CreateDeserializer() => new SidekiqMessageSerializer(naming);
}
