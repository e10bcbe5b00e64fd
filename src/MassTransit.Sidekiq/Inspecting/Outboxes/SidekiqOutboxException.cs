namespace MassTransit;

/// <summary>The database of an outbox does not answer, or refuses. The message says which outbox and why.</summary>
/// <param name="message">The fact.</param>
/// <param name="innerException">What the database or its driver threw.</param>
public sealed class SidekiqOutboxException(string message, Exception? innerException = null)
    : Exception(message, innerException);
