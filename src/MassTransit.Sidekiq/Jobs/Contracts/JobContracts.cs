using System.Collections.Concurrent;
using MassTransit.Serialization;

namespace MassTransit.Sidekiq;

/// What every message type of a bus is on the wire: configured, attributed or by convention, made once and kept.
internal sealed class JobContracts : ISpecification
{
    readonly ConcurrentDictionary<Type, JobContract> contracts = new();
    readonly ConcurrentDictionary<Type, Action<ISidekiqJobConfigurator>> configured = new();

    // By MassTransit's name, for what is sent without its type at hand.
    readonly ConcurrentDictionary<string, Type> types = new(StringComparer.OrdinalIgnoreCase);

    public void Job<T>(Action<ISidekiqJobConfigurator> configure)
        where T : class
    {
        // A message type may be configured in several places, such as a library and its host; each adds to the last.
        configured.AddOrUpdate(typeof(T), configure, (_, earlier) => earlier + configure);
        contracts.TryRemove(typeof(T), out _);
    }

    public JobContract For<T>()
        where T : class => For(typeof(T));

    public JobContract For(Type messageType) => contracts.GetOrAdd(messageType, Build);

    /// What the message is on the wire: a body that was forwarded as it came, or that a serializer made of something else,
    /// says its types itself, and T is only what it was sent as. Ask when the body is made, no earlier.
    /// <exception cref="MessageException">Nobody says which message it is.</exception>
    public JobContract Of<T>(JobSendContext<T> context)
        where T : class
    {
        if (context.Stored is { } stored)
        {
            return stored.Contract;
        }

        var own = For<T>();
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

        return Find(urns[0]) ?? JobContract.OfForwarded(context, urns[0]) ?? JobContract.Unknown(urns[0]);
    }

    /// The contract of a type that this process configured, consumes, or sent before.
    JobContract? Find(string urn)
    {
        if (!types.TryGetValue(urn, out var messageType))
        {
            // Configured, but not asked for yet.
            messageType = configured.Keys.FirstOrDefault(type => For(type).Is(urn));
        }

        return messageType is null ? null : For(messageType);
    }

    /// Every contract known so far: those configured, and those asked for.
    public IEnumerable<JobContract> All()
    {
        foreach (var messageType in configured.Keys)
        {
            For(messageType);
        }

        return contracts.Values.OrderBy(contract => contract.Class, StringComparer.Ordinal);
    }

    public IEnumerable<ValidationResult> Validate() =>
        All().SelectMany(contract => contract.Faults.Select(fault => this.Failure(contract.Message, fault)));

    JobContract Build(Type messageType)
    {
        var builder = new JobContractBuilder(messageType);
        if (configured.TryGetValue(messageType, out var configure))
        {
            configure(builder);
        }

        var contract = builder.Build();
        types[contract.Urn] = messageType;
        return contract;
    }
}
