using System.Buffers.Text;
using System.Net.Sockets;

namespace MassTransit.Sidekiq;

// Cuts what a client sends into commands.
internal sealed class CommandReader
{
    const int MostWords = 1024 * 1024;
    const int LongestWord = 512 * 1024 * 1024;

    byte[] buffer = new byte[16 * 1024];
    int start;
    int end;

    // False when the client has gone. What it sends may lie elsewhere afterwards: a command that is still needed is copied before.
    public async Task<bool> Fill(Socket socket)
    {
        if (start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
        }

        if (end == buffer.Length)
        {
            Array.Resize(ref buffer, 2 * buffer.Length);
        }

        var received = await socket.ReceiveAsync(buffer.AsMemory(end)).ConfigureAwait(false);
        end += received;
        return received > 0;
    }

    // False when the next one has not arrived completely. Throws what is no command.
    public bool TryRead(out Command command)
    {
        command = default;
        var at = start;
        if (!TryReadNumber((byte)'*', MostWords, ref at, out var count))
        {
            return false;
        }

        var words = new Range[count];
        for (var i = 0; i < count; i++)
        {
            if (!TryReadNumber((byte)'$', LongestWord, ref at, out var length) || end - at < length + 2)
            {
                return false;
            }

            words[i] = (at - start)..(at - start + length);
            at += length + 2;
        }

        command = new Command(buffer.AsMemory(start, at - start), words);
        start = at;
        return true;
    }

    bool TryReadNumber(byte sign, int most, ref int at, out int number)
    {
        number = 0;
        var line = buffer.AsSpan(at, end - at).IndexOf("\r\n"u8);
        if (line < 0)
        {
            return false;
        }

        var text = buffer.AsSpan(at, line);
        if (
            text.Length < 2
            || text[0] != sign
            || !Utf8Parser.TryParse(text[1..], out number, out var used)
            || used != text.Length - 1
            || number < (sign == '*' ? 1 : 0)
            || number > most
        )
        {
            throw new InvalidDataException("ERR Protocol error: a command is an array of bulk strings");
        }

        at += line + 2;
        return true;
    }
}
