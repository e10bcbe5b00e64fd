using System.Globalization;
using System.Text;

namespace MassTransit.Sidekiq;

/// What a staged message says of its job itself: who sends it later needs neither its type nor its contract, and a deploy
/// in between does not change it. `Args` is absent where they are simply the body; `Entities` are those that a publish reaches.
internal sealed record StoredJob(JobContract Contract, ReadOnlyMemory<byte>? Args, string[]? Entities);

/// A job as the properties that an outbox keeps beside a message: MassTransit's own as well as ours.
internal static class JobProperties
{
    public const string Class = "Sidekiq-Class";
    public const string Options = "Sidekiq-Options";
    public const string Token = "Sidekiq-Token";
    public const string RoutingKey = "RoutingKey";
    public const string PartitionKey = "PartitionKey";

    const string Wrapped = "Sidekiq-Wrapped";
    const string Args = "Sidekiq-Args";
    const string ArgNames = "Sidekiq-ArgNames";
    const string Queue = "Sidekiq-Queue";
    const string Entities = "Sidekiq-Entities";
    const char EntitySeparator = ' ';
    const char NameSeparator = '\n';

    static readonly Dictionary<string, object?> none = [];

    /// The body of the message has been made by now, and so it is known which message it is.
    public static void Write<T>(
        JobSendContext<T> context,
        SidekiqHostConfiguration host,
        IDictionary<string, object> properties
    )
        where T : class
    {
        var contract = host.Contracts.Of(context);
        Set(properties, Class, context.JobClass ?? contract.WireClass);
        Set(properties, Options, Written(contract.Options.With(context.JobOptions), context.JobKeys));
        Set(properties, Token, context.ScheduledMessageId?.ToString("D"));
        Set(properties, RoutingKey, context.RoutingKey);
        Set(properties, PartitionKey, context.PartitionKey);
        Set(properties, Wrapped, contract.Wrapped);
        Set(properties, Queue, contract.Queue);
        Set(properties, ArgNames, Joined(contract.ArgumentNames, NameSeparator));
        Set(
            properties,
            Entities,
            Joined(context.Stored?.Entities ?? EntitiesOf(context.DestinationAddress, host), EntitySeparator)
        );
        if (contract.Args != SidekiqArgs.Hash || !JobEnvelope.IsJson(context.ContentType))
        {
            properties[Args] = Encoding.UTF8.GetString(JobEnvelope.Args(context, contract).Args.Span);
        }
    }

    /// Null for a message that was staged without them; its contract is found by its message type.
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
            // Plain null would become an empty memory here, which is a body too.
            Text(properties, Args) is { } args
                ? Encoding.UTF8.GetBytes(args)
                : default(ReadOnlyMemory<byte>?),
            Text(properties, Entities)?.Split(EntitySeparator)
        );
    }

    /// How the job is to be treated, as the keys that say it in a job.
    static string? Written(JobOptions options, IReadOnlyDictionary<string, object?>? keys)
    {
        using var text = JobText.Rent();
        Member(text, "retry", options.Retry.IsAbsent ? null : options.Retry.ToString());
        Member(text, "backtrace", options.Backtrace?.ToString());
        if (options.Dead is { } dead)
        {
            Member(text, "dead", dead ? "true" : "false");
        }

        Member(text, "retry_for", ((long?)options.RetryFor?.TotalSeconds)?.ToString(CultureInfo.InvariantCulture));
        Member(text, "retry_queue", (object?)options.RetryQueue);
        Member(text, "tags", options.Tags);
        foreach (var (key, value) in keys ?? none)
        {
            Key(text, key);
            text.Value(value);
        }

        foreach (var (key, value) in options.Other ?? none)
        {
            if (keys is null || !keys.ContainsKey(key))
            {
                Key(text, key);
                text.Value(value);
            }
        }

        return text.Length == 0 ? null : Encoding.UTF8.GetString(text.Written) + "}";
    }

    static void Member(JobText text, string key, string? json)
    {
        if (json is not null)
        {
            Key(text, key);
            text.Raw(Encoding.UTF8.GetBytes(json));
        }
    }

    static void Member(JobText text, string key, object? value)
    {
        if (value is not null)
        {
            Key(text, key);
            text.Value(value);
        }
    }

    static void Key(JobText text, string key)
    {
        text.Raw(text.Length == 0 ? "{"u8 : ","u8);
        text.String(key);
        text.Raw(":"u8);
    }

    static string[]? EntitiesOf(Uri? destination, SidekiqHostConfiguration host) =>
        destination is not null
        && SidekiqEndpointAddress.Parse(host.HostAddress, destination) is { IsTopic: true } topic
        && host.Entities.Find(topic.Name) is { Length: > 1 } entities
            ? entities
            : null;

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
