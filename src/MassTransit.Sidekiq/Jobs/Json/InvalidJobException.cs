namespace MassTransit.Sidekiq;

// The entry is not a job for any process, so no retry will help; the message gives the reason and quotes none of the entry.
internal sealed class InvalidJobException(string message, Exception? innerException = null)
    : MassTransitException(message, innerException!);
