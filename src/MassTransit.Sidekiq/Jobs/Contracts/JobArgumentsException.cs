using System.Runtime.Serialization;

namespace MassTransit.Sidekiq;

// The arguments do not fit the message. A failure like any other, retried and then dead, since a deploy may cure it.
internal sealed class JobArgumentsException(string message, Exception? innerException = null)
    : SerializationException(message, innerException);
