using System.Buffers.Text;
using System.Collections;
using System.Text;
using System.Text.Json;

namespace MassTransit.Sidekiq;

// Writes JSON in Ruby's dialect into one reused buffer per thread: compact, raw UTF-8, only quote, backslash and controls escaped.
internal sealed class JobText : IDisposable
{
    // A job larger than this is rare; its buffer is garbage collected instead of staying with the thread.
    const int LargestKept = 256 * 1024;

    [ThreadStatic]
    static JobText? idle;

    byte[] buffer = new byte[1024];

    JobText() { }

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => buffer.AsSpan(0, Length);

    public static JobText Rent()
    {
        // Taken while in use, so that a converter that writes a job of its own gets another one.
        var text = idle ?? new JobText();
        idle = null;
        text.Length = 0;
        return text;
    }

    public void Dispose()
    {
        if (buffer.Length <= LargestKept)
        {
            idle = this;
        }
    }

    public byte[] ToArray() => Written.ToArray();

    public void Raw(ReadOnlySpan<byte> json)
    {
        json.CopyTo(Free(json.Length));
        Length += json.Length;
    }

    // A member of an object, if it has a value; `key` with what is before and after it.
    public void Member(ReadOnlySpan<byte> key, string? value)
    {
        if (value is not null)
        {
            Raw(key);
            String(value);
        }
    }

    public void String(string value)
    {
        Raw("\""u8);
        var rest = value.AsSpan();
        while (rest.IndexOfAny(RubyJsonEncoder.Escaped) is var index and >= 0)
        {
            Plain(rest[..index]);
            Escape(rest[index]);
            rest = rest[(index + 1)..];
        }

        Plain(rest);
        Raw("\""u8);
    }

    public void Bool(bool value) => Raw(value ? "true"u8 : "false"u8);

    public void Number(long value)
    {
        Utf8Formatter.TryFormat(value, Free(20), out var written);
        Length += written;
    }

    public void Number(double value)
    {
        if (!double.IsFinite(value))
        {
            throw new ArgumentException($"{value} is not a number that JSON can hold.", nameof(value));
        }

        Length += RubyFloat.Format(value, Free(RubyFloat.MaxLength));
    }

    public void Text(Guid value)
    {
        Raw("\""u8);
        value.TryFormat(Free(36), out var written);
        Length += written;
        Raw("\""u8);
    }

    public void Time(DateTimeOffset value, SidekiqTimeFormat format) =>
        Length += JobTime.Write(value, format, Free(JobTime.MaxLength));

    public void Strings(IEnumerable<string> values)
    {
        Raw("["u8);
        var first = true;
        foreach (var value in values)
        {
            if (!first)
            {
                Raw(","u8);
            }

            String(value);
            first = false;
        }

        Raw("]"u8);
    }

    // What users put into headers and job options; other types go through the serializer of message bodies.
    public void Value(object? value)
    {
        switch (value)
        {
            case null:
                Raw("null"u8);
                break;
            case string text:
                String(text);
                break;
            case bool flag:
                Bool(flag);
                break;
            case int or long or short or byte or sbyte or ushort or uint:
                Number(Convert.ToInt64(value, provider: null));
                break;
            case double number:
                Number(number);
                break;
            case Guid id:
                Text(id);
                break;
            case Uri address:
                String(address.ToString());
                break;
            case JsonElement element:
                // Unchanged: its serializer would throw for half of a surrogate pair.
                Raw(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(element));
                break;
            case IEnumerable<string> texts and not IDictionary:
                Strings(texts);
                break;
            default:
                Raw(JsonSerializer.SerializeToUtf8Bytes(value, JobBody.Create(SidekiqNaming.CamelCase)));
                break;
        }
    }

    void Plain(ReadOnlySpan<char> text)
    {
        // A lone surrogate becomes U+FFFD here: Ruby's parser refuses the escape that it would otherwise need.
        var free = Free(Encoding.UTF8.GetMaxByteCount(text.Length));
        Length += Encoding.UTF8.GetBytes(text, free);
    }

    void Escape(char character)
    {
        Span<byte> escape = stackalloc byte[6];
        Raw(escape[..RubyJsonEncoder.Escape(character, escape)]);
    }

    Span<byte> Free(int length)
    {
        if (buffer.Length - Length < length)
        {
            Array.Resize(ref buffer, Math.Max(buffer.Length * 2, Length + length));
        }

        return buffer.AsSpan(Length);
    }
}
