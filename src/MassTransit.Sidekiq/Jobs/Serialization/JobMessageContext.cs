using MassTransit.Serialization;

namespace MassTransit.Sidekiq;

// What MassTransit reads of a raw message, and what a job knows better: when it expires, which MassTransit would leave out
// and a forwarded message would lose; when it was sent, which the id of a foreign job does not hold; where it was sent,
// when it was moved since; and by whom.
internal sealed class JobMessageContext : RawMessageContext, MessageContext
{
    public const string TransportExpirationTime = nameof(TransportExpirationTime);
    public const string TransportDestinationAddress = nameof(TransportDestinationAddress);

    readonly Headers headers;

    public JobMessageContext(Headers headers, Uri? destinationAddress, RawSerializerOptions options)
        : base(headers, destinationAddress, options) => this.headers = headers;

    DateTime? MessageContext.SentTime => headers.Get<DateTime>(MessageHeaders.TransportSentTime) ?? SentTime;

    Uri? MessageContext.DestinationAddress => headers.Get<Uri>(TransportDestinationAddress) ?? DestinationAddress;

    HostInfo MessageContext.Host =>
        headers.TryGetHeader(MessageHeaders.Host.Info, out var host) && host is HostInfo known ? known : Host;

    DateTime? MessageContext.ExpirationTime => headers.Get<DateTime>(TransportExpirationTime);
}
