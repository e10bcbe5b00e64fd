using MassTransit.Serialization;

namespace MassTransit.Sidekiq;

// The contract that a message is sent under.
internal static class OutgoingContract
{
    // The contract of the message on the wire: a body that was forwarded unchanged, or that a serializer made from another
    // type, declares its own types, and T is only the type it was sent as. Call it after the body is written.
    // Throws MessageException: neither a message type nor a job class is known.
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
                    $"Message {context.MessageId} names neither a message type nor a job class, so no consumer could take its job."
                );
        }

        return contracts.Find(urns[0]) ?? OfForwarded(context, urns[0]) ?? JobContract.Unknown(urns[0]);
    }

    // The same for a forwarded message: its new job has the contract of the job that is being consumed.
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
            Options = new JobOptions { Encrypt = metadata.IsEncrypted ? true : null },
            Parameters = [.. names.Select(name => new JobParameter(name, typeof(object), isOptional: true))],
        };
    }
}
