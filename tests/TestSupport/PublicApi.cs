using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace MassTransit.Sidekiq.TestSupport;

/// <summary>Writes the public surface of an assembly as text, in an order that does not depend on the sources.</summary>
public static class PublicApi
{
    const BindingFlags Declared =
        BindingFlags.Public
        | BindingFlags.NonPublic
        | BindingFlags.Instance
        | BindingFlags.Static
        | BindingFlags.DeclaredOnly;

    static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(int)] = "int",
        [typeof(long)] = "long",
        [typeof(double)] = "double",
        [typeof(decimal)] = "decimal",
    };

    /// <summary>One line per type and member.</summary>
    public static string Print(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (var space in assembly.GetExportedTypes().GroupBy(type => type.Namespace).OrderBy(group => group.Key))
        {
            text.Append(CultureInfo.InvariantCulture, $"namespace {space.Key}\n");
            foreach (var type in space.OrderBy(Name, StringComparer.Ordinal))
            {
                text.Append(CultureInfo.InvariantCulture, $"\n  {Declaration(type)}\n");
                foreach (var member in Members(type))
                {
                    text.Append(CultureInfo.InvariantCulture, $"    {member}\n");
                }
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    static string Declaration(Type type)
    {
        IEnumerable<string> bases = type.IsEnum
            ? []
            : type.GetInterfaces().Where(face => face.IsVisible).Select(Name).Order(StringComparer.Ordinal);
        if (type is { IsClass: true, BaseType: { } parent } && parent != typeof(object))
        {
            bases = bases.Prepend(Name(parent));
        }

        var list = string.Join(", ", bases);
        return $"{Kind(type)} {Name(type)}{(list.Length == 0 ? "" : $" : {list}")}";
    }

    static string Kind(Type type) =>
        type switch
        {
            { IsEnum: true } => "enum",
            { IsInterface: true } => "interface",
            { IsValueType: true } => "struct",
            { IsAbstract: true, IsSealed: true } => "static class",
            { IsAbstract: true } => "abstract class",
            { IsSealed: true } => "sealed class",
            _ => "class",
        };

    static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
        {
            return Enum.GetNames(type)
                .Select(name => $"{name} = {Convert.ToInt64(Enum.Parse(type, name), CultureInfo.InvariantCulture)}");
        }

        var members = type.GetMembers(Declared).Select(member => (member.Name, Text: Text(member)));
        return members
            .Where(member => member.Text.Length > 0)
            .OrderBy(member => member.Name, StringComparer.Ordinal)
            .ThenBy(member => member.Text, StringComparer.Ordinal)
            .Select(member => member.Text);
    }

    // Empty for what nobody outside sees, or what says nothing of its own.
    static string Text(MemberInfo member) =>
        member switch
        {
            FieldInfo field when field.IsPublic || field.IsFamily =>
                $"{Static(field.IsStatic)}{Name(field.FieldType)} {field.Name}",
            PropertyInfo property when property.GetAccessors(true).Any(IsVisible) => Text(property),
            ConstructorInfo constructor when IsVisible(constructor) => $".ctor({Parameters(constructor)})",
            MethodInfo method when IsVisible(method) && !IsMadeByCompiler(method) && !IsObjects(method) => Text(method),
            EventInfo @event when IsVisible(@event.AddMethod!) =>
                $"event {Name(@event.EventHandlerType!)} {@event.Name}",
            _ => "",
        };

    static string Text(PropertyInfo property)
    {
        var accessors = property
            .GetAccessors(true)
            .Where(IsVisible)
            .Select(accessor =>
                accessor == property.GetMethod ? "get;"
                : IsInit(accessor) ? "init;"
                : "set;"
            );
        return $"{Static(property.GetAccessors(true)[0].IsStatic)}{Name(property.PropertyType)} {property.Name} {{ {string.Join(' ', accessors)} }}";
    }

    static string Text(MethodInfo method)
    {
        var generics = method.IsGenericMethod
            ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>"
            : "";
        return $"{Static(method.IsStatic)}{Name(method.ReturnType)} {method.Name}{generics}({Parameters(method)})";
    }

    static string Parameters(MethodBase method)
    {
        var extended = method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "";
        return extended + string.Join(", ", method.GetParameters().Select(Text));
    }

    static string Text(ParameterInfo parameter)
    {
        var modifier = parameter switch
        {
            { IsOut: true } => "out ",
            { ParameterType.IsByRef: true, IsIn: true } => "in ",
            { ParameterType.IsByRef: true } => "ref ",
            _ => parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params " : "",
        };
        var type = parameter.ParameterType.IsByRef
            ? parameter.ParameterType.GetElementType()!
            : parameter.ParameterType;
        var value = parameter.HasDefaultValue ? $" = {parameter.DefaultValue ?? "default"}" : "";
        return $"{modifier}{Name(type)} {parameter.Name}{value}";
    }

    static string Name(Type type)
    {
        if (type.IsArray)
        {
            return $"{Name(type.GetElementType()!)}[]";
        }

        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return $"{Name(value)}?";
        }

        if (Keywords.TryGetValue(type, out var keyword))
        {
            return keyword;
        }

        var name = type.Name.Split('`')[0];
        var outer = type is { IsNested: true, IsGenericParameter: false } ? $"{Name(type.DeclaringType!)}." : "";
        return type.IsGenericType
            ? $"{outer}{name}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
            : outer + name;
    }

    static string Static(bool isStatic) => isStatic ? "static " : "";

    static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    static bool IsObjects(MethodInfo method) => method.GetBaseDefinition().DeclaringType == typeof(object);

    // Accessors are printed with their property.
    static bool IsMadeByCompiler(MethodInfo method) =>
        method.IsSpecialName && !method.Name.StartsWith("op_", StringComparison.Ordinal)
        || method.IsDefined(typeof(CompilerGeneratedAttribute));

    static bool IsInit(MethodInfo setter) =>
        setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));
}
