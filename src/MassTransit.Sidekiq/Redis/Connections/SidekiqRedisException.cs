namespace MassTransit;

/// <summary>
/// Redis refused a step, and will refuse it again until someone changes something: a key of another type, a missing
/// permission, a wrong password. The message says which, and the way out. A lost connection is a
/// <see cref="ConnectionException" /> instead.
/// </summary>
public sealed class SidekiqRedisException : MassTransitException
{
    /// <summary>An exception without a message.</summary>
    public SidekiqRedisException() { }

    /// <summary>An exception that says what was refused, and the way out.</summary>
    public SidekiqRedisException(string message)
        : base(message) { }

    /// <summary>An exception that says what was refused, and the way out, with Redis' own words inside.</summary>
    public SidekiqRedisException(string message, Exception innerException)
        : base(message, innerException) { }
}
