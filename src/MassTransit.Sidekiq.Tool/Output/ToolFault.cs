namespace MassTransit.Sidekiq;

// Why a command is not done, in a sentence for the user, with the way out: `Cannot`.
internal sealed class ToolFault(string message, Exception? cause = null) : Exception(message, cause);
