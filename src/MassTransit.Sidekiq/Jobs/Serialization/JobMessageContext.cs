using MassTransit.Serialization;

namespace MassTransit.Sidekiq;

// What MassTransit reads of a raw message, and what the job adds: its expiration, which MassTransit would omit and
// a forwarded message would lose; when it was sent, which a foreign job's id does not hold; its original destination,
// if it was moved since; and its sender.
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
