namespace MassTransit;

/// <summary>Sends single messages without the outbox.</summary>
public static class SidekiqOutboxSendExtensions
{
    /// <summary>
    /// Sends this message at once, whether or not the transaction commits:
    /// <c>publisher.Publish(message, x =&gt; x.SkipOutbox())</c>.
    /// </summary>
    public static void SkipOutbox(this SendContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.GetOrAddPayload(() => Sidekiq.SkipOutbox.Instance);
    }
}
