namespace MassTransit.Sidekiq;

// Marks a message that goes past the outbox.
internal sealed class SkipOutbox
{
    public static readonly SkipOutbox Instance = new();
}
