using System.Text;

namespace MassTransit.Sidekiq;

// The job properties of a staged message: the process that sends it later needs neither its type nor its contract, and a
// deploy in between does not change it. `Args` is absent if they are the body; `Entities` are those that a publish reaches.
internal sealed record StoredJob(
    JobContract Contract,
    ReadOnlyMemory<byte>? Args,
    string[]? Entities,
    bool IsEncrypted = false
);

// A job as the properties that an outbox stores with a message: MassTransit's outbox as well as this library's.
internal static class JobProperties
{
    public const string Class = "Sidekiq-Class";
    public const string Options = "Sidekiq-Options";
    public const string Token = "Sidekiq-Token";
    public const string RoutingKey = "RoutingKey";
    public const string PartitionKey = "PartitionKey";

    const string Wrapped = "Sidekiq-Wrapped";
    public const string Args = "Sidekiq-Args";
    const string Encrypted = "Sidekiq-Encrypted";
    const string ArgNames = "Sidekiq-ArgNames";
    public const string Queue = "Sidekiq-Queue";
    public const string Entities = "Sidekiq-Entities";
    const char EntitySeparator = ' ';
    const char NameSeparator = '\n';

    // The body has been written by now, so the type of the message is known.
    public static void Write<T>(JobSendContext<T> context, BusRuntime runtime, IDictionary<string, object> properties)
        where T : class
    {
        var contract = runtime.Contracts.Of(context);
        Set(properties, Class, context.JobClass ?? contract.WireClass);
        Set(
            properties,
            Options,
            MessageToJob.Options(context, contract).ToJson() is { } json ? Encoding.UTF8.GetString(json) : null
        );
        Set(properties, Token, context.ScheduledMessageId?.ToString("D"));
        Set(properties, RoutingKey, context.RoutingKey);
        Set(properties, PartitionKey, context.PartitionKey);
        Set(properties, Wrapped, contract.Wrapped);
        Set(properties, Queue, contract.Queue);
        Set(properties, ArgNames, Joined(contract.ArgumentNames, NameSeparator));
        Set(
            properties,
            Entities,
            Joined(context.Stored?.Entities ?? EntitiesOf(context.DestinationAddress, runtime), EntitySeparator)
        );
        if (!MessageToJob.IsBody(context, contract))
        {
            var args = MessageToJob.Sealed(context, contract, MessageToJob.Args(context, contract).Args);
            properties[Args] = Encoding.UTF8.GetString(args.Span);
            Set(properties, Encrypted, MessageToJob.IsEncrypted(context, contract) ? "true" : null);
        }
    }

    // Null for a message that was staged without job properties; its contract is found by its message type.
    public static StoredJob? Read(IReadOnlyDictionary<string, object> properties)
    {
        if (Text(properties, Class) is not { } jobClass)
        {
            return null;
        }

        var wrapped = Text(properties, Wrapped);
        var names = Text(properties, ArgNames)?.Split(NameSeparator) ?? [];
        var contract = new JobContract
        {
            MessageType = typeof(MassTransit.Serialization.SerializedMessageBody),
            Class = wrapped ?? jobClass,
            Queue = Text(properties, Queue),
            Args =
                wrapped is not null ? SidekiqArgs.ActiveJob
                : names.Length > 0 ? SidekiqArgs.Positional
                : SidekiqArgs.Hash,
            ArgumentNames = names,
        };

        return new StoredJob(
            contract,
            // A plain null would convert to an empty memory, which is a valid body.
            Text(properties, Args) is { } args
                ? Encoding.UTF8.GetBytes(args)
                : default(ReadOnlyMemory<byte>?),
            Split(Text(properties, Entities)),
            Text(properties, Encrypted) is not null
        );
    }

    static string[]? EntitiesOf(Uri? destination, BusRuntime runtime) =>
        destination is not null
        && SidekiqEndpointAddress.Parse(runtime.Address, destination) is { IsTopic: true } topic
        && runtime.Entities.Find(topic.Name) is { Length: > 1 } entities
            ? entities
            : null;

    public static string[]? Split(string? entities) => entities?.Split(EntitySeparator);

    static string? Joined(string[]? names, char separator) =>
        names is null or [] ? null : string.Join(separator, names);

    static void Set(IDictionary<string, object> properties, string key, string? value)
    {
        if (value is not null)
        {
            properties[key] = value;
        }
    }

    static string? Text(IReadOnlyDictionary<string, object> properties, string key) =>
        properties.TryGetValue(key, out var value) ? value.ToString() : null;
}
