namespace MassTransit.Testing;

/// <summary>
/// A test found other jobs than it expected, or a job ended otherwise: the message lists what there is instead. Every test
/// framework reports it as a failure.
/// </summary>
public sealed class SidekiqTestException : Exception
{
    internal SidekiqTestException(string message, Exception? cause = null)
        : base(message, cause) { }
}
