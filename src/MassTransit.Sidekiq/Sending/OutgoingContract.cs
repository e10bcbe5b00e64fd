using MassTransit.Serialization;

namespace MassTransit.Sidekiq;

// Which contract a message goes out under.
internal static class OutgoingContract
{
    // What the message is on the wire: a body that was forwarded as it came, or that a serializer made of something else,
    // says its types itself, and T is only what it was sent as. Ask when the body is made, no earlier.
    // Throws MessageException: Nobody says which message it is.
    public static JobContract Of<T>(this JobContracts contracts, JobSendContext<T> context)
        where T : class
    {
        if (context.Stored is { } stored)
        {
            return stored.Contract;
        }

        var own = contracts.For<T>();
        var urns = context.SupportedMessageTypes;
        if (ReferenceEquals(urns, MessageTypeCache<T>.MessageTypeNames) || (urns is [var first, ..] && own.Is(first)))
        {
            return own;
        }

        if (urns is [])
        {
            return typeof(T) != typeof(SerializedMessageBody) || context.JobClass is not null
                ? own
                : throw new MessageException(
                    typeof(T),
                    $"Message {context.MessageId} names neither a message type nor a job class, so nobody could work on its job."
                );
        }

        return contracts.Find(urns[0]) ?? OfForwarded(context, urns[0]) ?? JobContract.Unknown(urns[0]);
    }

    // The same of a message that is forwarded: its new job is what the one that is being consumed is.
    static JobContract? OfForwarded<T>(JobSendContext<T> context, string urn)
        where T : class
    {
        if (
            !context.TryGetPayload<ConsumeContext>(out var consumed)
            || consumed.TryGetJob()
                is not { Class: { } jobClass, Metadata: { MessageTypes: [var first, ..] } metadata } job
            || !string.Equals(first, urn, StringComparison.OrdinalIgnoreCase)
        )
        {
            return null;
        }

        var names = metadata.ArgumentNames;
        return new JobContract
        {
            MessageType = typeof(SerializedMessageBody),
            Class = job.Wrapped ?? jobClass,
            Args =
                ActiveJobWrapper.Is(jobClass) ? SidekiqArgs.ActiveJob
                : names.Length > 0 ? SidekiqArgs.Positional
                : SidekiqArgs.Hash,
            Parameters = [.. names.Select(name => new JobParameter(name, typeof(object), isOptional: true))],
        };
    }
}
