namespace MassTransit;

/// <summary>
/// Why a message that was sent became no job: another one is unique. A payload of the message's send context; in a publish it
/// tells of the first copy that was dropped.
/// </summary>
/// <param name="Jid">The job that holds the lock; empty when another client's lock does not name it.</param>
/// <param name="Queue">The queue that the message was sent to.</param>
/// <param name="Class">The class of the job.</param>
public sealed record JobConflict(string Jid, string Queue, string Class);
