using System.Net.Mime;
using MassTransit.Serialization;

namespace MassTransit.Sidekiq.Tests;

/// <summary>Envelopes that nobody but their reader can open, as MassTransit's encryption makes them.</summary>
sealed class OpaqueSerializer : ISerializerFactory, IMessageSerializer, IMessageDeserializer
{
    readonly SystemTextJsonMessageSerializer envelopes = new();

    public ContentType ContentType { get; } = new("application/vnd.test.opaque");

    public IMessageSerializer CreateSerializer() => this;

    public IMessageDeserializer CreateDeserializer() => this;

    public MessageBody GetMessageBody<T>(SendContext<T> context)
        where T : class => Turn(envelopes.GetMessageBody(context));

    public MessageBody GetMessageBody(string text) => envelopes.GetMessageBody(text);

    public ConsumeContext Deserialize(ReceiveContext receiveContext) =>
        new BodyConsumeContext(
            receiveContext,
            Deserialize(receiveContext.Body, receiveContext.TransportHeaders, receiveContext.InputAddress)
        );

    public SerializerContext Deserialize(MessageBody body, Headers headers, Uri? destinationAddress = null) =>
        envelopes.Deserialize(Turn(body), headers, destinationAddress);

    public void Probe(ProbeContext context) { }

    static BytesMessageBody Turn(MessageBody body) => new([.. body.GetBytes().Select(value => (byte)(value ^ 0x5a))]);
}
