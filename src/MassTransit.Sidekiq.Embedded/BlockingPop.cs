using System.Globalization;
using System.Text;

namespace MassTransit.Sidekiq;

// A command that waits for an element of a list. Garnet would hold a thread, and our turn, so it is tried again and again as
// the command that does not wait.
internal sealed class BlockingPop
{
    readonly Command[] attempts;
    readonly ReadOnlyMemory<byte>[] keys;
    readonly TimeSpan timeout;

    BlockingPop(Command[] attempts, ReadOnlyMemory<byte>[] keys, TimeSpan timeout)
    {
        (this.attempts, this.keys, this.timeout) = (attempts, keys, timeout);
    }

    // Null when it is none, or none that is complete.
    public static BlockingPop? Of(Command command)
    {
        var name = command.Name;
        var enough = name switch
        {
            "BRPOPLPUSH" => command.Count == 4,
            "BLMOVE" => command.Count == 6,
            "BRPOP" or "BLPOP" => command.Count > 2,
            _ => false,
        };
        if (
            !enough
            || !double.TryParse(command.Text(command.Count - 1), CultureInfo.InvariantCulture, out var seconds)
            || seconds is < 0 or > 1_000_000_000 or double.NaN
        )
        {
            return null;
        }

        var own = command.Copy();
        ReadOnlyMemory<byte>[] words =
        [
            .. Enumerable.Range(1, own.Count - 2).Select(word => (ReadOnlyMemory<byte>)own[word]),
        ];
        ReadOnlyMemory<byte> bare = Encoding.ASCII.GetBytes(name[1..]);
        var isMove = name is "BRPOPLPUSH" or "BLMOVE";
        return new BlockingPop(
            isMove ? [Command.Of([bare, .. words])] : [.. words.Select(key => Command.Of(bare, key))],
            isMove ? [] : words,
            seconds == 0 ? System.Threading.Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(seconds)
        );
    }

    public Task Timeout(CancellationToken cancellationToken) =>
        Task.Delay(timeout, TimeProvider.System, cancellationToken);

    // In a turn. Whether there was an element, or an error; if not, `nothing` is what Redis says at the timeout.
    public bool Try(CommandRunner runner, ReplyBuffer replies, out byte[] nothing)
    {
        nothing = [];
        for (var i = 0; i < attempts.Length; i++)
        {
            var before = replies.Length;
            runner.Run(attempts[i]);
            var reply = replies.TakeFrom(before);
            if (IsNull(reply))
            {
                nothing = reply;
                continue;
            }

            if (keys.Length > 0 && reply[0] != '-')
            {
                replies.Write("*2\r\n");
                replies.Write([.. Encoding.ASCII.GetBytes($"${keys[i].Length}\r\n"), .. keys[i].Span, .. "\r\n"u8]);
            }

            replies.Write(reply);
            return true;
        }

        return false;
    }

    // RESP2 has two, RESP3 one.
    static bool IsNull(ReadOnlySpan<byte> reply) =>
        reply.SequenceEqual("$-1\r\n"u8) || reply.SequenceEqual("*-1\r\n"u8) || reply.SequenceEqual("_\r\n"u8);
}
