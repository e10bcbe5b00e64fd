namespace MassTransit.Sidekiq;

// The text cannot be a job for anyone, so no retry will cure it; the message says why and quotes nothing of the text.
internal sealed class InvalidJobException(string message, Exception? innerException = null)
    : MassTransitException(message, innerException!);
