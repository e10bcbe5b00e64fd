using System.Diagnostics.CodeAnalysis;
using System.Net.Mime;
using System.Text.Json;
using System.Text.Json.Nodes;
using MassTransit.Serialization;

namespace MassTransit.Sidekiq;

// One received message: deserialized straight from its bytes, once for each type that a consumer asks for.
internal sealed class SidekiqSerializerContext(
    ReadOnlyMemory<byte> json,
    ContentType contentType,
    JsonSerializerOptions options,
    MessageContext messageContext,
    string[] messageTypes,
    RawSerializerOptions rawOptions
) : BaseSerializerContext(SystemTextJsonMessageSerializer.Instance, messageContext, messageTypes)
{
    // Throws JobArgumentsException: the message does not fit its type.
    public static object? Read(ReadOnlyMemory<byte> json, Type messageType, JsonSerializerOptions options)
    {
        try
        {
            return JsonSerializer.Deserialize(json.Span, messageType, options);
        }
        catch (JsonException exception)
        {
            throw new JobArgumentsException(JobMismatch.Describe(json, messageType, options, exception), exception);
        }
    }

    public override bool IsSupportedMessageType<T>() => IsSupported(MessageUrn.ForTypeString<T>());

    public override bool IsSupportedMessageType(Type messageType) => IsSupported(MessageUrn.ForTypeString(messageType));

    public override bool TryGetMessage<T>(out T? message)
        where T : class
    {
        if (typeof(T) == typeof(JsonObject))
        {
            message = JsonNode.Parse(json.Span) as T;
            return message is not null;
        }

        message = IsSupportedMessageType<T>() ? (T?)Deserialize(typeof(T)) : null;
        return message is not null;
    }

    public override bool TryGetMessage(Type messageType, [NotNullWhen(true)] out object? message)
    {
        message = Deserialize(messageType);
        return message is not null;
    }

    public override IMessageSerializer GetMessageSerializer() =>
        new SameBodySerializer(contentType, new Utf8MessageBody(json), SupportedMessageTypes);

    public override IMessageSerializer GetMessageSerializer<T>(MessageEnvelope envelope, T message)
    {
        var serializer = new SystemTextJsonBodyMessageSerializer(envelope, contentType, options, rawOptions);
        serializer.Overlay(message);
        return serializer;
    }

    public override IMessageSerializer GetMessageSerializer(object message, string[] messageTypes) =>
        new SameBodySerializer(contentType, SidekiqMessageSerializer.Serialize(message, options), messageTypes);

    public override Dictionary<string, object> ToDictionary<T>(T? message)
        where T : class =>
        message is null
            ? new Dictionary<string, object>(StringComparer.OrdinalIgnoreCase)
            : JsonSerializer.SerializeToElement(message, options).Deserialize<Dictionary<string, object>>()!;

    bool IsSupported(string urn)
    {
        if (SupportedMessageTypes.Length == 0)
        {
            return true;
        }

        foreach (var type in SupportedMessageTypes)
        {
            if (urn.Equals(type, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    object? Deserialize(Type messageType) => Read(json, messageType, options);

    // The body goes out unchanged: forwarded, redelivered, scheduled and staged messages keep properties that we do not know.
    // So do its message types, whatever type the forwarder knows it as.
    sealed class SameBodySerializer(ContentType contentType, MessageBody body, string[] messageTypes)
        : IMessageSerializer
    {
        public ContentType ContentType => contentType;

        public MessageBody GetMessageBody<T>(SendContext<T> context)
            where T : class
        {
            if (messageTypes.Length > 0)
            {
                context.SupportedMessageTypes = messageTypes;
            }

            return body;
        }
    }
}
