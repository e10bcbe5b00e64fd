using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace MassTransit.Sidekiq;

// Garnet's scripts as Redis's: each is loaded behind dialect.lua, and is known to clients by the hash of its own text.
internal sealed class ScriptDialect
{
    static readonly byte[] preamble = Read();

    readonly ConcurrentDictionary<string, byte[]> hashes = new(StringComparer.OrdinalIgnoreCase);

    public static byte[] Bend(ReadOnlySpan<byte> script) => [.. preamble, .. script];

    // The hash that the client knows it by.
    public string Add(ReadOnlySpan<byte> script)
    {
        var hash = Hash(script);
        hashes[hash] = Encoding.ASCII.GetBytes(Hash(Bend(script)));
        return hash;
    }

    public void Clear() => hashes.Clear();

    // Puts Garnet's hash in the place of the client's, which is as long. Unknown ones stay, and Garnet does not know them either.
    public void Replace(Span<byte> hash)
    {
        if (hashes.TryGetValue(Encoding.ASCII.GetString(hash), out var bent) && bent.Length == hash.Length)
        {
            bent.CopyTo(hash);
        }
    }

#pragma warning disable CA5350 // Redis names scripts by their SHA-1
    static string Hash(ReadOnlySpan<byte> script) => Convert.ToHexStringLower(SHA1.HashData(script));
#pragma warning restore CA5350

    static byte[] Read()
    {
        using var stream =
            typeof(ScriptDialect).Assembly.GetManifestResourceStream("dialect.lua")
            ?? throw new InvalidOperationException("'dialect.lua' is not embedded in the assembly.");
        using var read = new MemoryStream();
        stream.CopyTo(read);
        return read.ToArray();
    }
}
