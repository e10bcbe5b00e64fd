using System.Runtime.Serialization;

namespace MassTransit.Sidekiq;

// The arguments do not fit the message. Retried and then dead like any other failure, since a deploy may fix it.
internal class JobArgumentsException(string message, Exception? innerException = null)
    : SerializationException(message, innerException);
