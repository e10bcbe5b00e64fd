using System.Buffers.Binary;

namespace MassTransit.Sidekiq;

// Values that recur in many jobs, such as class names, message types and addresses, decoded from their bytes once.
// Bounded and lock-free: a new entry replaces the one in its slot, so foreign names cannot fill the memory.
internal sealed class Utf8Cache<T>(Func<ReadOnlySpan<byte>, T> create)
    where T : class
{
    const int Slots = 1024;
    const int LongestKept = 512;

    readonly Entry?[] entries = new Entry?[Slots];

    public T Get(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > LongestKept)
        {
            return create(utf8);
        }

        ref var slot = ref entries[Hash(utf8) % Slots];
        var entry = slot;
        if (entry is not null && utf8.SequenceEqual(entry.Key))
        {
            return entry.Value;
        }

        entry = new Entry(utf8.ToArray(), create(utf8));
        slot = entry;
        return entry.Value;
    }

    static uint Hash(ReadOnlySpan<byte> bytes)
    {
        var hash = 0xcbf29ce484222325 ^ (ulong)bytes.Length;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            hash = (hash ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes)) * 0x9e3779b97f4a7c15;
            hash ^= hash >> 29;
        }

        foreach (var value in bytes)
        {
            hash = (hash ^ value) * 0x100000001b3;
        }

        return (uint)(hash >> 32) ^ (uint)hash;
    }

    sealed record Entry(byte[] Key, T Value);
}
