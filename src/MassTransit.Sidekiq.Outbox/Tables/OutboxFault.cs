namespace MassTransit.Sidekiq;

/// <summary>
/// A staged message that cannot be sent, set aside so that it does not block the others. <see cref="IOutboxInspector"/>
/// releases or discards it.
/// </summary>
public class OutboxFault
{
    /// <summary>The id by which it is released or discarded.</summary>
    public virtual long Id { get; set; }

    /// <summary>The message's id, from which its job's id is derived.</summary>
    public virtual Guid MessageId { get; set; }

    /// <summary>The message's urns, its own first, separated by semicolons.</summary>
    public virtual string MessageType { get; set; } = "";

    /// <summary>Its destination.</summary>
    public virtual string? DestinationAddress { get; set; }

    /// <summary>How often it was tried; a release does not reset it.</summary>
    public virtual int Attempts { get; set; }

    /// <summary>When it was last tried.</summary>
    public virtual DateTime FaultedAt { get; set; }

    /// <summary>The type of the last exception.</summary>
    public virtual string ErrorType { get; set; } = "";

    /// <summary>The message of the last exception.</summary>
    public virtual string Error { get; set; } = "";

    /// <summary>The whole row of <see cref="OutboxMessage"/>, as JSON.</summary>
    public virtual string Message { get; set; } = "";
}
