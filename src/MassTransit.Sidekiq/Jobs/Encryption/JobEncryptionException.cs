namespace MassTransit.Sidekiq;

// The last argument of a job cannot be encrypted or decrypted. Retried and then dead like any other failure, since a deploy with the
// key may fix it.
internal sealed class JobEncryptionException(string message, Exception? innerException = null)
    : JobArgumentsException(message, innerException);
