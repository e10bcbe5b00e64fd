using System.Globalization;

namespace MassTransit;

/// <summary>Of many messages not all were sent: their source failed, or a send did. What was sent stays sent.</summary>
public sealed class SendManyException : MassTransitException
{
    internal SendManyException(string messageType, long sent, Exception fault)
        : base(
            string.Create(
                CultureInfo.InvariantCulture,
                $"The first {sent:N0} messages of type {messageType} were sent, and stay sent; then: {fault.Message} Remove the cause "
                    + $"and go on behind them, with Skip({sent}). If a send failed, some of the next 2,000 may have been sent as well."
            ),
            fault
        ) => Sent = sent;

    /// <summary>
    /// How many messages were sent, counted from the first one of the source: none of them is missing. If the source failed, these are
    /// all that it returned; if a send failed, up to 2,000 further ones may have been sent.
    /// </summary>
    public long Sent { get; }
}
