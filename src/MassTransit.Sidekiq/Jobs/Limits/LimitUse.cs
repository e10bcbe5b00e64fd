using System.Security.Cryptography;
using System.Text;

namespace MassTransit.Sidekiq;

// A limit that a job needs to start: a definition, and the key that it has a limit of its own for; "" for none.
internal sealed record LimitUse(LimitDefinition Definition, string Key)
{
    const int LongestKey = 200;

    // How the keys of its state end.
    public string Id => Key.Length == 0 ? Definition.Name : $"{Definition.Name}:{Key}";

    // Longer keys would be a large part of what a limit costs.
    public static LimitUse Of(LimitDefinition definition, string key) =>
        new(
            definition,
            Encoding.UTF8.GetByteCount(key) <= LongestKey
                ? key
                : "sha256-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))
        );

    public override string ToString() => Key.Length == 0 ? $"'{Definition.Name}'" : $"'{Definition.Name}' of '{Key}'";
}
