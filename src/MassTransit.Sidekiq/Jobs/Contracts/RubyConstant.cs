using System.Text;
using System.Text.RegularExpressions;

namespace MassTransit.Sidekiq;

// The name of a .NET type in Ruby's notation: Shop.Contracts.SubmitOrder is Shop::Contracts::SubmitOrder.
// Ruby resolves a job's class as a constant, so every part begins with a capital and holds only letters, digits and '_'.
internal static partial class RubyConstant
{
    public static string From(Type type)
    {
        var name = new StringBuilder();
        if (type.Namespace is { Length: > 0 } space)
        {
            foreach (var part in space.Split('.'))
            {
                name.Append(Part(part)).Append("::");
            }
        }

        return name.Append(Nested(type, type.GetGenericArguments())).ToString();
    }

    // The same from MassTransit's name for the type, `urn:message:Shop.Contracts:SubmitOrder`, where the type is not available.
    public static string FromUrn(string urn)
    {
        var text = urn.AsSpan(
            urn.StartsWith(MessageUrn.Prefix, StringComparison.Ordinal) ? MessageUrn.Prefix.Length : 0
        );
        var (name, part, depth) = (new StringBuilder(), new StringBuilder(), 0);
        for (var index = 0; index < text.Length; index++)
        {
            switch (text[index])
            {
                case '[' when index + 1 < text.Length && text[index + 1] == ']':
                    part.Append("Array");
                    index++;
                    break;
                case '[':
                    // Generic[[First],[Second]]: each argument adds itself to the name.
                    if (++depth % 2 == 0)
                    {
                        End("_");
                    }

                    break;
                case ']':
                    depth--;
                    break;
                case '.' or ':' or '+':
                    End(depth == 0 ? "::" : "_");
                    break;
                default:
                    part.Append(text[index]);
                    break;
            }
        }

        End("");
        return name.ToString();

        void End(string separator)
        {
            name.Append(Part(part.ToString())).Append(separator);
            part.Clear();
        }
    }

    public static bool IsValid(string name) => Constant().IsMatch(name);

    static string Nested(Type type, Type[] arguments)
    {
        var name = Part(type.Name.Split('`')[0]);

        // A nested type repeats the type parameters of its enclosing types.
        var outer = type.DeclaringType?.GetGenericArguments().Length ?? 0;
        var own = type.GetGenericArguments().Length;
        for (var index = outer; index < own; index++)
        {
            name += "_" + From(arguments[index]).Replace("::", "_", StringComparison.Ordinal);
        }

        return type.DeclaringType is { } declaring ? $"{Nested(declaring, arguments)}::{name}" : name;
    }

    static string Part(string name)
    {
        var legal = new StringBuilder(name.Length);
        foreach (var character in name)
        {
            if (char.IsLetterOrDigit(character) || (character == '_' && legal.Length > 0))
            {
                legal.Append(character);
            }
            else if (character == '[')
            {
                legal.Append("Array");
            }
        }

        if (legal.Length == 0 || !char.IsLetter(legal[0]))
        {
            legal.Insert(0, 'T');
        }

        legal[0] = char.ToUpperInvariant(legal[0]);
        return legal.ToString();
    }

    [GeneratedRegex(@"\A(::)?\p{Lu}[\p{L}\p{N}_]*(::\p{Lu}[\p{L}\p{N}_]*)*\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Constant();
}
