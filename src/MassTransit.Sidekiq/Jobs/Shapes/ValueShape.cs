using System.Collections;

namespace MassTransit.Sidekiq;

// What a value in the JSON of a message is besides JSON: its Ruby type, and whether it is secret. A tree along the message's type, made
// by reflection where it is walked, so that a type may contain itself.
internal sealed class ValueShape
{
    public static readonly ValueShape Plain = new(typeof(object), SidekiqNaming.CamelCase, RubyType.Plain, false);

    readonly Type type;
    readonly SidekiqNaming naming;
    readonly RubyType? named;

    ValueShape(Type type, SidekiqNaming naming, RubyType? named, bool isSecret)
    {
        (this.type, this.naming, this.named) = (Nullable.GetUnderlyingType(type) ?? type, naming, named);
        IsSecret = isSecret || this.type.IsDefined(typeof(SidekiqSecretAttribute), inherit: false);
    }

    public RubyType Ruby => named ?? Natural(type);

    public bool IsSecret { get; }

    // A value of an array or of a dictionary.
    public ValueShape Item => field ??= ItemOf(type) is { } item ? new(item, naming, named, IsSecret) : Plain;

    Dictionary<string, ValueShape> Members => field ??= MembersOf();

    public static ValueShape Of(Type type, SidekiqNaming naming) => new(type, naming, null, false);

    // The value of a key, in whatever naming it is written; for a key of a dictionary, any of its values.
    public ValueShape Member(string name) =>
        Members.TryGetValue(Plainly(name), out var member) ? member
        : IsDictionary ? Item
        : Plain;

    // Whether anything in it is secret.
    public bool HasSecrets() => HasSecrets([], JobReader.MaxDepth);

    bool IsDictionary => DictionaryOf(type) is not null;

    // As deep as JSON may be: a generic type may contain ever more of itself.
    bool HasSecrets(HashSet<Type> seen, int depth) =>
        IsSecret
        || (
            depth > 0
            && seen.Add(type)
            && (
                (ItemOf(type) is not null && Item.HasSecrets(seen, depth - 1))
                || Members.Values.Any(member => member.HasSecrets(seen, depth - 1))
            )
        );

    static RubyType Natural(Type type) =>
        type == typeof(DateTimeOffset) || type == typeof(DateTime) ? RubyType.Time
        : type == typeof(DateOnly) ? RubyType.Date
        : type == typeof(TimeSpan) ? RubyType.Duration
        : type.IsGenericType && type.GetGenericTypeDefinition() == typeof(RubyRange<>) ? RubyType.Range
        : RubyType.Plain;

    static Type? ItemOf(Type type) =>
        type == typeof(string) ? null
        : DictionaryOf(type) is { } dictionary ? dictionary.GetGenericArguments()[1]
        : type.GetElementType() ?? Generic(type, typeof(IEnumerable<>))?.GetGenericArguments()[0];

    static Type? DictionaryOf(Type type) =>
        Generic(type, typeof(IDictionary<,>)) ?? Generic(type, typeof(IReadOnlyDictionary<,>));

    static Type? Generic(Type type, Type definition) =>
        type.GetInterfaces()
            .Prepend(type)
            .FirstOrDefault(face => face.IsGenericType && face.GetGenericTypeDefinition() == definition);

    // Types of the framework are values, or hold no more than their items.
    Dictionary<string, ValueShape> MembersOf()
    {
        var members = new Dictionary<string, ValueShape>(StringComparer.OrdinalIgnoreCase);
        if (type.IsPrimitive || type.IsEnum || typeof(IEnumerable).IsAssignableFrom(type) || IsOfFramework(type))
        {
            return members;
        }

        foreach (var parameter in JobParameters.All(type, naming))
        {
            members[Plainly(parameter.Name)] = new ValueShape(
                parameter.Type,
                naming,
                parameter.Ruby,
                parameter.IsSecret
            );
        }

        return members;
    }

    static string Plainly(string name) => name.Replace("_", "", StringComparison.Ordinal);

    static bool IsOfFramework(Type type) =>
        type.Namespace is "System" || type.Namespace?.StartsWith("System.", StringComparison.Ordinal) == true;
}
