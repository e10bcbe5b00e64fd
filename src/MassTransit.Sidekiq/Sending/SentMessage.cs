namespace MassTransit;

/// <summary>One of many messages that were sent.</summary>
/// <param name="MessageId">The id of the message.</param>
/// <param name="Jid">The id of its job; null for a published message, each copy of which has one of its own.</param>
/// <param name="Conflict">The unique job that kept this one out; null when it was sent, or staged in an outbox.</param>
public sealed record SentMessage(Guid MessageId, string? Jid, JobConflict? Conflict);
