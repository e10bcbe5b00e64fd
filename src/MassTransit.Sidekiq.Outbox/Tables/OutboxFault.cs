namespace MassTransit.Sidekiq;

/// <summary>
/// A staged message that cannot be sent, set aside so that it does not hold up the others. <see cref="IOutboxInspector"/>
/// releases or discards it.
/// </summary>
public class OutboxFault
{
    /// <summary>By which it is released or discarded.</summary>
    public virtual long Id { get; set; }

    /// <summary>The message's id, and so its job's.</summary>
    public virtual Guid MessageId { get; set; }

    /// <summary>The message's urns, its own first, separated by semicolons.</summary>
    public virtual string MessageType { get; set; } = "";

    /// <summary>Where it was to go.</summary>
    public virtual string? DestinationAddress { get; set; }

    /// <summary>How often it was tried; releasing it does not start anew.</summary>
    public virtual int Attempts { get; set; }

    /// <summary>When it was last tried.</summary>
    public virtual DateTime FaultedAt { get; set; }

    /// <summary>What went wrong the last time: the exception's type.</summary>
    public virtual string ErrorType { get; set; } = "";

    /// <summary>What went wrong the last time: the exception's message.</summary>
    public virtual string Error { get; set; } = "";

    /// <summary>The whole row of <see cref="OutboxMessage"/>, as JSON.</summary>
    public virtual string Message { get; set; } = "";
}
