using System.Security.Cryptography;
using System.Text;

namespace MassTransit.Sidekiq;

// A jid identifies the message that a job carries, so that a push repeated after a crash is recognised as the same job.
internal static class JobId
{
    const int Length = 24;
    const int HashLength = SHA1.HashSizeInBytes;

    // RFC 9562 asks for a namespace of one's own; this one must never change, since message ids in inboxes depend on it.
    static readonly Guid MessageIds = new("7d3a1c52-6f0b-4a51-9f0e-2b8c54d1e6a7");

    // The first half of a hash, not of the id: a NewId starts with a clock and would collide within a tick.
    public static string From(Guid messageId)
    {
        Span<byte> text = stackalloc byte[36];
        messageId.TryFormat(text, out _);
        return Hash(text);
    }

    // The copy of a published message in one queue; the publish script computes the same with redis.sha1hex.
    public static string From(Guid messageId, string queue, string jobClass) =>
        Hash(Encoding.UTF8.GetBytes($"{messageId:D}|{queue}|{jobClass}"));

    // A retried job keeps its jid, so an inbox that knows the first attempt's message id knows all attempts.
    public static Guid ToMessageId(string jid)
    {
        if ((Guid.TryParseExact(jid, "D", out var id) || Guid.TryParseExact(jid, "N", out id)) && id != Guid.Empty)
        {
            return id;
        }

        var name = Encoding.UTF8.GetBytes(jid);
        var text = new byte[16 + name.Length];
        MessageIds.TryWriteBytes(text, bigEndian: true, out _);
        name.CopyTo(text, 16);

        Span<byte> hash = stackalloc byte[HashLength];
        Sha1(text, hash);
        hash[6] = (byte)((hash[6] & 0x0f) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3f) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }

    static string Hash(ReadOnlySpan<byte> text)
    {
        Span<byte> hash = stackalloc byte[HashLength];
        Sha1(text, hash);
        return Convert.ToHexStringLower(hash[..(Length / 2)]);
    }

#pragma warning disable CA5350 // Names, not secrets: Redis scripts have no other hash, and RFC 9562 version 5 asks for this one
    static void Sha1(ReadOnlySpan<byte> text, Span<byte> hash) => SHA1.HashData(text, hash);
#pragma warning restore CA5350
}
