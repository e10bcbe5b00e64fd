using MassTransit.Serialization;

namespace MassTransit.Sidekiq;

/// What MassTransit reads of a raw message, and two times that a job knows better: when it expires, which MassTransit
/// would leave out and a forwarded message would lose, and when it was sent, which the id of a foreign job does not hold.
internal sealed class JobMessageContext : RawMessageContext, MessageContext
{
    public const string TransportExpirationTime = nameof(TransportExpirationTime);

    readonly Headers headers;

    public JobMessageContext(Headers headers, Uri? destinationAddress, RawSerializerOptions options)
        : base(headers, destinationAddress, options) => this.headers = headers;

    DateTime? MessageContext.SentTime => headers.Get<DateTime>(MessageHeaders.TransportSentTime) ?? SentTime;

    DateTime? MessageContext.ExpirationTime => headers.Get<DateTime>(TransportExpirationTime);
}
