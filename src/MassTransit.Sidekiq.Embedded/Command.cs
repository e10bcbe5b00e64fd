using System.Globalization;
using System.Text;

namespace MassTransit.Sidekiq;

// A command of a client: its bytes as they came, and the words in them. The bytes are those of the request's buffer until it
// is copied.
internal readonly struct Command(Memory<byte> bytes, Range[] words)
{
    public Memory<byte> Bytes => bytes;

    public int Count => words.Length;

    // Upper case.
    public string Name => Text(0).ToUpperInvariant();

    public Memory<byte> this[int word] => bytes[words[word]];

    public static Command Of(params ReadOnlyMemory<byte>[] words)
    {
        using var written = new MemoryStream();
        var ranges = new Range[words.Length];
        written.Write(Encoding.ASCII.GetBytes($"*{words.Length}\r\n"));
        for (var i = 0; i < words.Length; i++)
        {
            written.Write(
                Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"${words[i].Length}\r\n"))
            );
            var at = (int)written.Length;
            written.Write(words[i].Span);
            ranges[i] = at..(int)written.Length;
            written.Write("\r\n"u8);
        }

        return new Command(written.ToArray(), ranges);
    }

    public static Command Of(params string[] words) =>
        Of([.. words.Select(word => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(word))]);

    // "" when there is no such word.
    public string Text(int word) => word < words.Length ? Encoding.UTF8.GetString(this[word].Span) : "";

    public string[] Texts(int first) => [.. Enumerable.Range(first, Math.Max(0, words.Length - first)).Select(Text)];

    public Command Copy() => new(bytes.ToArray(), words);
}
