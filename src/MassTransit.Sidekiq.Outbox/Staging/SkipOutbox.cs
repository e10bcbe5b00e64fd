namespace MassTransit.Sidekiq;

// Marks a message that bypasses the outbox.
internal sealed class SkipOutbox
{
    public static readonly SkipOutbox Instance = new();
}
