using System.Collections;
using System.Reflection;

namespace MassTransit.Sidekiq;

// Collects the attribute and configuration of one message type; the later setting takes precedence.
internal sealed class JobContractBuilder : ISidekiqJobConfigurator
{
    // Why the arguments of an encrypted job are not hashed.
    public const string UniqueBySecret =
        "The name of its lock would be a hash of its arguments, by which anybody who reads Redis could test guesses. Name what makes it unique and is no secret: UniqueBy<T>(m => m.Id).";

    readonly Type messageType;
    readonly List<string> aliases = [];
    readonly List<string> faults = [];
    readonly SidekiqMailAttribute? mail;
    SidekiqArgs? args;
    string? className;
    SidekiqNaming? naming;
    JobOptions options = JobOptions.None;
    string? queue;
    Func<object, object?>? uniqueBy;

    public JobContractBuilder(Type messageType)
    {
        this.messageType = messageType;
        mail = messageType.GetCustomAttribute<SidekiqMailAttribute>(inherit: false);
        if (messageType.GetCustomAttribute<SidekiqJobAttribute>(inherit: false) is { } attribute)
        {
            Apply(attribute);
        }
    }

    public ISidekiqJobConfigurator Class(string className)
    {
        this.className = className;
        return this;
    }

    public ISidekiqJobConfigurator Alias(params string[] classNames)
    {
        aliases.AddRange(classNames);
        return this;
    }

    public ISidekiqJobConfigurator Queue(string queue)
    {
        this.queue = queue;
        return this;
    }

    public ISidekiqJobConfigurator Args(SidekiqArgs args)
    {
        this.args = args;
        return this;
    }

    public ISidekiqJobConfigurator Naming(SidekiqNaming naming)
    {
        this.naming = naming;
        return this;
    }

    public ISidekiqJobConfigurator With(JobOptions options)
    {
        this.options = options.Over(this.options);
        return this;
    }

    public ISidekiqJobConfigurator UniqueBy<T>(Func<T, object?> key)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(key);
        if (!typeof(T).IsAssignableFrom(messageType))
        {
            faults.Add(
                $"UniqueBy of {TypeName.Of(messageType)} takes a {TypeName.Of(typeof(T))}. Let it take the message itself."
            );
        }

        uniqueBy = message => key((T)message);
        return this;
    }

    public JobContract Build()
    {
        var message = TypeName.Of(messageType);
        var chosenArgs = args ?? (mail is null ? SidekiqArgs.Hash : SidekiqArgs.ActiveJob);
        var chosenNaming = naming ?? NamingOf(chosenArgs);
        var jobClass = className ?? (mail is null ? RubyConstant.From(messageType) : MailArguments.Class);

        var found = new List<string>(faults);
        var placing = new List<string>();
        var parameters = JobParameters.Of(messageType, chosenNaming, placing);
        if (chosenArgs is SidekiqArgs.Positional or SidekiqArgs.ActiveJobPositional)
        {
            found.AddRange(placing);
        }

        var isList = IsWrittenAsList(messageType);
        CheckForm(found, message, chosenArgs, isList);
        CheckEncryption(found, message, chosenArgs);
        CheckNames(found, message, jobClass);
        found.AddRange(options.Faults(message));
        found.AddRange(
            (options.Other?.Keys ?? [])
                .Where(JobFields.IsReserved)
                .Select(key =>
                    $"Job key '{key}' of {message} is written from the message itself. Choose another key for the option."
                )
        );
        return new JobContract
        {
            MessageType = messageType,
            Class = jobClass,
            Aliases = [.. aliases.Distinct(StringComparer.Ordinal)],
            Queue = queue,
            Args = chosenArgs,
            Mail = mail,
            IsList = isList,
            Naming = chosenNaming,
            Options = options,
            UniqueBy = uniqueBy,
            Parameters = parameters,
            Faults = found,
        };
    }

    static SidekiqNaming NamingOf(SidekiqArgs args) =>
        args is SidekiqArgs.ActiveJob or SidekiqArgs.ActiveJobPositional
            ? SidekiqNaming.SnakeCase
            : SidekiqNaming.CamelCase;

    void Apply(SidekiqJobAttribute attribute)
    {
        className = attribute.ClassName;
        queue = attribute.Queue;
        args = attribute.ArgsOrNull;
        naming = attribute.NamingOrNull;
        aliases.AddRange(attribute.Aliases);
        options = attribute.ToOptions(TypeName.Of(messageType), faults);
    }

    static bool IsWrittenAsList(Type type) =>
        typeof(IEnumerable).IsAssignableFrom(type)
        && !typeof(IDictionary).IsAssignableFrom(type)
        && !type.GetInterfaces()
            .Append(type)
            .Any(face =>
                face.IsGenericType
                && (
                    face.GetGenericTypeDefinition() == typeof(IDictionary<,>)
                    || face.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>)
                )
            );

    void CheckForm(List<string> found, string message, SidekiqArgs chosen, bool isList)
    {
        if (isList && chosen != SidekiqArgs.Hash)
        {
            found.Add(
                $"{message} is a collection, which has no properties to pass as positional arguments. Map it with Args = Hash, or send a message that has the collection as a property."
            );
        }

        if (mail is not null && chosen is (SidekiqArgs.Hash or SidekiqArgs.Positional))
        {
            found.Add(
                $"{message} is a mail and has Args = {chosen}, but Rails delivers mails as ActiveJobs. Map it with Args = ActiveJob or ActiveJobPositional."
            );
        }
    }

    void CheckEncryption(List<string> found, string message, SidekiqArgs chosen)
    {
        if (options.Encrypt != true)
        {
            return;
        }

        if (chosen is SidekiqArgs.ActiveJob or SidekiqArgs.ActiveJobPositional)
        {
            found.Add(
                $"{message} is encrypted and an ActiveJob, but Rails cannot decrypt it. Map it with Args = Hash or Positional, or do not encrypt it."
            );
        }

        if (options.Unique is { IsOn: true } && uniqueBy is null)
        {
            found.Add($"{message} is encrypted and unique. {UniqueBySecret}");
        }
    }

    void CheckNames(List<string> found, string message, string jobClass)
    {
        found.AddRange(
            aliases
                .Prepend(jobClass)
                .Where(name => !RubyConstant.IsValid(name))
                .Select(name =>
                    $"Job class '{name}' of {message} is not a Ruby constant. "
                    + "Name it in capitalised parts of letters, digits and '_', joined by '::', such as 'Billing::InvoiceWorker'."
                )
        );
        if (queue is not null && QueueName.Fault(queue, $"Rename the queue of {message}.") is { } fault)
        {
            found.Add(fault);
        }
    }
}
