using System.Net.Mime;
using MassTransit.Serialization;

namespace MassTransit.Sidekiq.Tests;

/// <summary>A body that is no JSON, as an encrypted one is: MassTransit's envelope, backwards.</summary>
sealed class SealedSerializer : ISerializerFactory, IMessageSerializer, IMessageDeserializer
{
    static readonly SystemTextJsonMessageSerializer envelope = SystemTextJsonMessageSerializer.Instance;

    public ContentType ContentType { get; } = new("application/vnd.test+sealed");

    public IMessageSerializer CreateSerializer() => this;

    public IMessageDeserializer CreateDeserializer() => this;

    public MessageBody GetMessageBody<T>(SendContext<T> context)
        where T : class => new SealedBody(Backwards(envelope.GetMessageBody(context).GetBytes()));

    public MessageBody GetMessageBody(string text) => new SealedBody(Convert.FromBase64String(text));

    public ConsumeContext Deserialize(ReceiveContext receiveContext) =>
        new BodyConsumeContext(
            receiveContext,
            Deserialize(receiveContext.Body, receiveContext.TransportHeaders, receiveContext.InputAddress)
        );

    public SerializerContext Deserialize(MessageBody body, Headers headers, Uri? destinationAddress = null) =>
        envelope.Deserialize(new BytesMessageBody(Backwards(body.GetBytes())), headers, destinationAddress);

    public void Probe(ProbeContext context) => context.CreateScope("sealed");

    static byte[] Backwards(byte[] bytes) => [.. bytes.Reverse()];

    sealed class SealedBody(byte[] bytes) : MessageBody
    {
        public long? Length => bytes.Length;

        public Stream GetStream() => new MemoryStream(bytes, writable: false);

        public byte[] GetBytes() => bytes;

        public string GetString() => Convert.ToBase64String(bytes);
    }
}
