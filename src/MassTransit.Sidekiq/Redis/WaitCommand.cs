using System.Globalization;
using StackExchange.Redis;

namespace MassTransit.Sidekiq;

/// What a wait writes: BLMOVE, and behind it the script that files what landed. Only the delivery number differs from one
/// wait to the next, so the rest is written once.
internal sealed class WaitCommand
{
    readonly byte[] buffer;
    readonly int numberAt;

    public WaitCommand(RedisKeys keys, string queue, TimeSpan block)
    {
        var names = keys.Queue(queue);
        var seconds = block.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        var wait = BareConnection.Command("BLMOVE", Text(names.List), Text(names.Landing), "RIGHT", "LEFT", seconds);
        RedisKey[] touched = [names.Landing, names.Working, keys.Alive, keys.Paused, names.List];
        var take = BareConnection.Command([
            "EVALSHA",
            Script.TakeLanded.HashText,
            touched.Length.ToString(CultureInfo.InvariantCulture),
            .. touched.Select(Text),
            queue,
            new string('0', NumberLength),
        ]);

        buffer = [.. wait, .. take];
        numberAt = buffer.Length - NumberLength - "\r\n".Length;
    }

    /// Enough for a long. Redis takes the number as text, so all of them have the same length.
    static int NumberLength => 19;

    public ReadOnlyMemory<byte> For(long number)
    {
        _ = number.TryFormat(buffer.AsSpan(numberAt), out _, "D19", CultureInfo.InvariantCulture);
        return buffer;
    }

    static string Text(RedisKey key) => key.ToString()!;
}
