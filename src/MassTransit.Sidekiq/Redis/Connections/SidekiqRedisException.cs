namespace MassTransit;

/// <summary>
/// Redis refused a step, and will refuse it again until the cause is fixed: a key of another type, a missing
/// permission, a wrong password. The message names the cause and the remedy. A lost connection is a
/// <see cref="ConnectionException" /> instead.
/// </summary>
public sealed class SidekiqRedisException : MassTransitException
{
    /// <summary>An exception without a message.</summary>
    public SidekiqRedisException() { }

    /// <summary>An exception that names what was refused, and the remedy.</summary>
    public SidekiqRedisException(string message)
        : base(message) { }

    /// <summary>An exception that names what was refused, and the remedy, with Redis's own error inside.</summary>
    public SidekiqRedisException(string message, Exception innerException)
        : base(message, innerException) { }
}
