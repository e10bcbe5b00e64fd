using System.Collections;
using System.Reflection;

namespace MassTransit.Sidekiq;

/// Gathers what attribute and configuration say of one message type; what is said later wins.
internal sealed class JobContractBuilder : ISidekiqJobConfigurator
{
    readonly Type messageType;
    readonly List<string> aliases = [];
    readonly List<string> faults = [];
    SidekiqArgs? args;
    string? className;
    SidekiqNaming? naming;
    JobOptions options = JobOptions.None;
    string? queue;

    public JobContractBuilder(Type messageType)
    {
        this.messageType = messageType;
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

    public ISidekiqJobConfigurator Positional() => Args(SidekiqArgs.Positional);

    public ISidekiqJobConfigurator ActiveJob() => Args(SidekiqArgs.ActiveJob);

    public ISidekiqJobConfigurator Naming(SidekiqNaming naming)
    {
        this.naming = naming;
        return this;
    }

    public ISidekiqJobConfigurator Retry(SidekiqRetry retry) => With(new JobOptions { Retry = retry });

    public ISidekiqJobConfigurator RetryFor(TimeSpan window) => With(new JobOptions { RetryFor = window });

    public ISidekiqJobConfigurator RetryQueue(string queue) => With(new JobOptions { RetryQueue = queue });

    public ISidekiqJobConfigurator Dead(bool dead) => With(new JobOptions { Dead = dead });

    public ISidekiqJobConfigurator Backtrace(SidekiqBacktrace backtrace) =>
        With(new JobOptions { Backtrace = backtrace });

    public ISidekiqJobConfigurator Backtrace() => Backtrace(SidekiqBacktrace.All);

    public ISidekiqJobConfigurator Tags(params string[] tags) => With(new JobOptions { Tags = [.. tags] });

    public ISidekiqJobConfigurator Option(string key, object? value) =>
        With(new JobOptions { Other = new Dictionary<string, object?>(StringComparer.Ordinal) { [key] = value } });

    public JobContract Build()
    {
        var message = TypeName.Of(messageType);
        var chosenArgs = args ?? SidekiqArgs.Hash;
        var chosenNaming =
            naming
            ?? (
                chosenArgs is SidekiqArgs.ActiveJob or SidekiqArgs.ActiveJobPositional
                    ? SidekiqNaming.SnakeCase
                    : SidekiqNaming.CamelCase
            );
        var jobClass = className ?? RubyConstant.From(messageType);

        var found = new List<string>(faults);
        var placing = new List<string>();
        var parameters = JobParameters.Of(messageType, chosenNaming, placing);
        if (chosenArgs is SidekiqArgs.Positional or SidekiqArgs.ActiveJobPositional)
        {
            found.AddRange(placing);
        }

        var isList = IsWrittenAsList(messageType);
        if (isList && chosenArgs != SidekiqArgs.Hash)
        {
            found.Add(
                $"{message} is a list, which has no properties to pass as arguments one by one. Map it with Args = Hash, or send a message that has the list as a property."
            );
        }

        CheckNames(found, message, jobClass);
        CheckOptions(found, message);
        return new JobContract
        {
            MessageType = messageType,
            Class = jobClass,
            Aliases = [.. aliases.Distinct(StringComparer.Ordinal)],
            Queue = queue,
            Args = chosenArgs,
            IsList = isList,
            Naming = chosenNaming,
            Options = options,
            Parameters = parameters,
            Faults = found,
        };
    }

    void Apply(SidekiqJobAttribute attribute)
    {
        className = attribute.ClassName;
        queue = attribute.Queue;
        args = attribute.ArgsOrNull;
        naming = attribute.NamingOrNull;
        aliases.AddRange(attribute.Aliases);
        options = new JobOptions
        {
            Retry = attribute.Retry switch
            {
                null => SidekiqRetry.Absent,
                bool retry => retry,
                int times => times,
                var other => Refuse(nameof(attribute.Retry), other, SidekiqRetry.Absent),
            },
            Backtrace = attribute.Backtrace switch
            {
                null => null,
                bool backtrace => backtrace,
                int lines => lines,
                var other => Refuse(nameof(attribute.Backtrace), other, default(SidekiqBacktrace?)),
            },
            Tags = attribute.Tags is { Length: > 0 } tags ? tags : null,
            Dead = attribute.DeadOrNull,
            RetryFor = attribute.RetryFor == 0 ? null : TimeSpan.FromSeconds(attribute.RetryFor),
            RetryQueue = attribute.RetryQueue,
        };
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

    JobContractBuilder With(JobOptions later)
    {
        options = options.With(later);
        return this;
    }

    T Refuse<T>(string option, object value, T instead)
    {
        faults.Add($"{option} of {TypeName.Of(messageType)} is '{value}'. Set it to true, false or a whole number.");
        return instead;
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
        foreach (var (name, what) in new[] { (queue, "queue"), (options.RetryQueue, "retry queue") })
        {
            if (name is not null && QueueName.Fault(name, $"Rename the {what} of {message}.") is { } fault)
            {
                found.Add(fault);
            }
        }
    }

    void CheckOptions(List<string> found, string message)
    {
        if (options.Retry.Limit < 0)
        {
            found.Add($"Retry of {message} is {options.Retry.Limit}. Set it to 0 or more, or to false.");
        }

        if (options.RetryFor is { } window && (window < TimeSpan.FromSeconds(1) || window > JobOptions.LongestRetryFor))
        {
            found.Add(
                $"RetryFor of {message} is {window.TotalSeconds} seconds. Sidekiq takes whole seconds from 1 to {JobOptions.LongestRetryFor.TotalSeconds:0}."
            );
        }

        found.AddRange(
            (options.Other ?? new Dictionary<string, object?>(StringComparer.Ordinal))
                .Keys.Where(JobWriter.IsReserved)
                .Select(key =>
                    $"Job key '{key}' of {message} is written from the message itself. Choose another key for the option."
                )
        );
    }
}
