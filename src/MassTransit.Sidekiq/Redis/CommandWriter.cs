using System.Buffers;
using System.Buffers.Text;
using System.Text;
using StackExchange.Redis;

namespace MassTransit.Sidekiq;

/// Writes commands as Redis reads them: how many words, then each with its length.
internal static class CommandWriter
{
    public static void Begin(this IBufferWriter<byte> writer, int words) => WriteCount(writer, (byte)'*', words);

    public static void Word(this IBufferWriter<byte> writer, ReadOnlySpan<byte> word)
    {
        WriteCount(writer, (byte)'$', word.Length);
        writer.Write(word);
        writer.Write("\r\n"u8);
    }

    public static void Word(this IBufferWriter<byte> writer, string word)
    {
        WriteCount(writer, (byte)'$', Encoding.UTF8.GetByteCount(word));
        Encoding.UTF8.GetBytes(word, writer);
        writer.Write("\r\n"u8);
    }

    public static void Word(this IBufferWriter<byte> writer, RedisKey key) => writer.Word(key.ToString()!);

    // A job is an array of bytes, and comes out as the very same.
    public static void Word(this IBufferWriter<byte> writer, RedisValue value) => writer.Word((byte[])value!);

    public static void Eval(this IBufferWriter<byte> writer, Script script, RedisKey[] keys, RedisValue[] values)
    {
        writer.Begin(3 + keys.Length + values.Length);
        writer.Word("EVALSHA"u8);
        writer.Word(script.HashText);
        writer.Word(keys.Length);
        foreach (var key in keys)
        {
            writer.Word(key);
        }

        foreach (var value in values)
        {
            writer.Word(value);
        }
    }

    public static void Ping(this IBufferWriter<byte> writer) => writer.Write("*1\r\n$4\r\nPING\r\n"u8);

    static void WriteCount(IBufferWriter<byte> writer, byte kind, int count)
    {
        var target = writer.GetSpan(16);
        target[0] = kind;
        _ = Utf8Formatter.TryFormat(count, target[1..], out var digits);
        target[digits + 1] = (byte)'\r';
        target[digits + 2] = (byte)'\n';
        writer.Advance(digits + 3);
    }
}
