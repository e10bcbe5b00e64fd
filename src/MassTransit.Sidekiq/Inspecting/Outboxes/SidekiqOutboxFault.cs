namespace MassTransit;

/// <summary>A message that an outbox could not send and set aside.</summary>
/// <param name="Id">By which it is released or discarded.</param>
/// <param name="MessageId">The message's id, from which its job's id is derived.</param>
/// <param name="MessageType">Its type, such as <c>Shop:OrderSubmitted</c>.</param>
/// <param name="Destination">Its address; null when the row has none.</param>
/// <param name="Attempts">How often it was tried, across releases.</param>
/// <param name="FaultedAt">When it was last tried.</param>
/// <param name="ErrorType">The type of the last exception.</param>
/// <param name="Error">The message of the last exception; in a list its first 500 characters.</param>
public sealed record SidekiqOutboxFault(
    long Id,
    Guid MessageId,
    string MessageType,
    string? Destination,
    int Attempts,
    DateTimeOffset FaultedAt,
    string ErrorType,
    string Error
);

/// <summary>A message that was set aside, with its contents.</summary>
/// <param name="Fault">What it is, and why it was set aside.</param>
/// <param name="Headers">Its headers, as a JSON object; null when it has none or cannot be read.</param>
/// <param name="Body">The message; null when it cannot be read.</param>
/// <param name="Row">All of it, as it is stored.</param>
public sealed record SidekiqOutboxMessage(SidekiqOutboxFault Fault, string? Headers, string? Body, string Row);
