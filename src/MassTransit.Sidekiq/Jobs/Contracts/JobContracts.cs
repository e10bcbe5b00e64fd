using System.Collections.Concurrent;

namespace MassTransit.Sidekiq;

// The contract of every message type of a bus: configured, from the attribute or by convention, made once and cached.
internal sealed class JobContracts : ISpecification
{
    readonly ConcurrentDictionary<Type, JobContract> contracts = new();
    readonly ConcurrentDictionary<Type, Action<ISidekiqJobConfigurator>> configured = new();
    volatile Secrets? secret;

    // By MassTransit's name, for messages that are sent without their type.
    readonly ConcurrentDictionary<string, Type> types = new(StringComparer.OrdinalIgnoreCase);

    public void Job<T>(Action<ISidekiqJobConfigurator> configure)
        where T : class
    {
        // A message type may be configured in several places, such as a library and its host; each call adds to the earlier ones.
        configured.AddOrUpdate(typeof(T), configure, (_, earlier) => earlier + configure);
        contracts.TryRemove(typeof(T), out _);
        contracts.TryRemove(typeof(Fault<T>), out _);
        secret = null;
    }

    // Those that are known so far and have secret properties.
    public JobContract[] Secret
    {
        get
        {
            var (known, count) = (secret, contracts.Count + configured.Count);
            if (known is null || known.Count != count)
            {
                JobContract[] found = [.. All().Where(contract => contract.HasSecrets)];
                secret = known = new Secrets(found, contracts.Count + configured.Count);
            }

            return known.Found;
        }
    }

    public JobContract For<T>()
        where T : class => For(typeof(T));

    public JobContract For(Type messageType) => contracts.GetOrAdd(messageType, Build);

    // The contract of a type that this process configured, consumes or sent before.
    public JobContract? Find(string urn)
    {
        if (!types.TryGetValue(urn, out var messageType))
        {
            // Configured, but not asked for yet.
            messageType = configured.Keys.FirstOrDefault(type => For(type).Is(urn));
        }

        return messageType is null ? null : For(messageType);
    }

    // Every contract known so far: the configured ones and those asked for.
    public IEnumerable<JobContract> All()
    {
        foreach (var messageType in configured.Keys)
        {
            For(messageType);
        }

        return contracts.Values.OrderBy(contract => contract.Class, StringComparer.Ordinal);
    }

    // Those that a job may be here, by its class; first the one whose type it names.
    public IEnumerable<JobContract> Of(SidekiqJob job) =>
        All()
            .Where(contract => contract.IsOfType && contract.IsOf(job))
            .OrderByDescending(contract => job.Metadata?.MessageTypes.Any(contract.Is) == true);

    public IEnumerable<ValidationResult> Validate() =>
        All().SelectMany(contract => contract.Faults.Select(fault => this.Failure(contract.Message, fault)));

    // Those that are encrypted, on a host without a key.
    public IEnumerable<ValidationResult> Keyless() =>
        All()
            .Where(contract => contract.Options.Encrypt == true)
            .Select(contract =>
                this.Failure(
                    contract.Message,
                    $"{contract.Message} is encrypted, and the host has no key. Give it one, host.EncryptionKey(1, …), the same in all services that send or consume it."
                )
            );

    static bool IsFault(Type messageType) =>
        messageType.IsGenericType && messageType.GetGenericTypeDefinition() == typeof(Fault<>);

    JobContract Build(Type messageType)
    {
        var builder = new JobContractBuilder(messageType);
        if (configured.TryGetValue(messageType, out var configure))
        {
            configure(builder);
        }

        // A fault contains its message.
        if (IsFault(messageType) && For(messageType.GetGenericArguments()[0]).Options.Encrypt == true)
        {
            ((ISidekiqJobConfigurator)builder).Encrypt();
        }

        var contract = builder.Build();
        types[contract.Urn] = messageType;
        return contract;
    }

    sealed record Secrets(JobContract[] Found, int Count);
}
