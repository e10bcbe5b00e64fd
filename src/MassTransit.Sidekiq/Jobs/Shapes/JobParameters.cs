using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace MassTransit.Sidekiq;

// The properties of a message in the order of a job's arguments: by [SidekiqArg], else by the constructor,
// else in order of declaration.
internal static class JobParameters
{
    public static JobParameter[] Of(Type messageType, SidekiqNaming naming, List<string> faults)
    {
        var properties = Properties(messageType);
        var constructor = Constructor(messageType, properties);
        var policy = JobBody.Create(naming).PropertyNamingPolicy;

        var ordered = Positions(properties, constructor) is { } positions
            ? ByAttribute(messageType, properties, positions, faults)
            : ByDeclaration(messageType, properties, constructor, faults);
        return [.. ordered.Select(property => Parameter(property, constructor, policy))];
    }

    // Every property that is written, whether or not it has a place among arguments.
    public static IEnumerable<JobParameter> All(Type messageType, SidekiqNaming naming)
    {
        var properties = Properties(messageType);
        var constructor = Constructor(messageType, properties);
        var policy = JobBody.Create(naming).PropertyNamingPolicy;
        return properties.Select(property => Parameter(property, constructor, policy));
    }

    // The name of a property in JSON.
    public static string NameOf(PropertyInfo property, JsonNamingPolicy? policy) =>
        property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name
        ?? policy?.ConvertName(property.Name)
        ?? property.Name;

    static List<PropertyInfo> Properties(Type type)
    {
        var types = type.IsInterface ? [.. type.GetInterfaces().Reverse(), type] : Hierarchy(type);
        var properties = new List<PropertyInfo>();
        foreach (
            var property in types.SelectMany(owner =>
                owner
                    .GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
                    .OrderBy(property => property.MetadataToken)
            )
        )
        {
            var isMember = property.GetMethod is { IsPublic: true } && property.GetIndexParameters().Length == 0;
            var isIgnored =
                property.GetCustomAttribute<JsonIgnoreAttribute>() is { Condition: JsonIgnoreCondition.Always };
            if (
                isMember
                && !isIgnored
                && !properties.Exists(other => other.Name.Equals(property.Name, StringComparison.Ordinal))
            )
            {
                properties.Add(property);
            }
        }

        return properties;
    }

    static List<Type> Hierarchy(Type type)
    {
        var types = new List<Type>();
        for (var current = type; current is not null && current != typeof(object); current = current.BaseType)
        {
            types.Insert(0, current);
        }

        return types;
    }

    // The constructor that the serializer will use, when it has parameters that are properties.
    static ParameterInfo[] Constructor(Type type, List<PropertyInfo> properties)
    {
        var constructors = type.GetConstructors();
        var chosen =
            Array.Find(constructors, candidate => candidate.IsDefined(typeof(JsonConstructorAttribute)))
            ?? Array.Find(constructors, candidate => candidate.GetParameters().Length == 0)
            ?? (constructors.Length == 1 ? constructors[0] : null);
        var parameters = chosen?.GetParameters() ?? [];
        return Array.TrueForAll(parameters, parameter => properties.Exists(property => IsSame(property, parameter)))
            ? parameters
            : [];
    }

    static int?[]? Positions(List<PropertyInfo> properties, ParameterInfo[] constructor)
    {
        int?[] positions =
        [
            .. properties.Select(property =>
                Attribute<SidekiqArgAttribute>(
                    property,
                    Array.Find(constructor, parameter => IsSame(property, parameter))
                )?.Position
            ),
        ];
        return Array.Exists(positions, position => position is not null) ? positions : null;
    }

    static IEnumerable<PropertyInfo> ByAttribute(
        Type messageType,
        List<PropertyInfo> properties,
        int?[] positions,
        List<string> faults
    )
    {
        var message = TypeName.Of(messageType);
        var placed = properties
            .Zip(positions)
            .Where(pair => pair.Second is not null)
            .OrderBy(pair => pair.Second)
            .ToList();
        for (var index = 0; index < placed.Count; index++)
        {
            var (property, position) = placed[index];
            if (position != index)
            {
                faults.Add(
                    $"{message}.{property.Name} is argument {position}, where argument {index} is expected. "
                        + "Number the arguments from 0 without gaps, each once."
                );
                break;
            }
        }

        foreach (var (property, _) in properties.Zip(positions).Where(pair => pair.Second is null && IsSet(pair.First)))
        {
            faults.Add(NoPlace(message, property, "Give it a [SidekiqArg] too, or [JsonIgnore]."));
        }

        return placed.Select(pair => pair.First);
    }

    static List<PropertyInfo> ByDeclaration(
        Type messageType,
        List<PropertyInfo> properties,
        ParameterInfo[] constructor,
        List<string> faults
    )
    {
        if (constructor.Length == 0)
        {
            return properties.FindAll(property => messageType.IsInterface || IsSet(property));
        }

        var message = TypeName.Of(messageType);
        foreach (
            var property in properties.Where(property =>
                IsSet(property) && !Array.Exists(constructor, parameter => IsSame(property, parameter))
            )
        )
        {
            faults.Add(
                NoPlace(message, property, "Make it a constructor parameter, or give every argument a [SidekiqArg].")
            );
        }

        return [.. constructor.Select(parameter => properties.Find(property => IsSame(property, parameter))!)];
    }

    static JobParameter Parameter(PropertyInfo property, ParameterInfo[] constructor, JsonNamingPolicy? policy)
    {
        var parameter = Array.Find(constructor, candidate => IsSame(property, candidate));
        var isOptional =
            parameter?.HasDefaultValue
            ?? !property.IsDefined(typeof(System.Runtime.CompilerServices.RequiredMemberAttribute));
        return new JobParameter(NameOf(property, policy), property.PropertyType, isOptional)
        {
            Ruby = Attribute<RubyTypeAttribute>(property, parameter)?.Type,
            IsSecret = Attribute<SidekiqSecretAttribute>(property, parameter) is not null,
        };
    }

    // On the property, or on the parameter of a record's constructor that it comes from.
    static T? Attribute<T>(PropertyInfo property, ParameterInfo? parameter)
        where T : Attribute => property.GetCustomAttribute<T>() ?? parameter?.GetCustomAttribute<T>();

    static string NoPlace(string message, PropertyInfo property, string remedy) =>
        $"{message}.{property.Name} has no place among the arguments of its job and would be lost. {remedy}";

    static bool IsSet(PropertyInfo property) => property.SetMethod is { IsPublic: true };

    static bool IsSame(PropertyInfo property, ParameterInfo parameter) =>
        property.Name.Equals(parameter.Name, StringComparison.OrdinalIgnoreCase);
}
