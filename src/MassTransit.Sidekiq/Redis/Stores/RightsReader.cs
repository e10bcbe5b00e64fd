using System.Text.Json;

namespace MassTransit.Sidekiq;

// What the user of this connection may do, for an inspector.
internal sealed class RightsReader(RedisConnection redis)
{
    // Which of these commands it may not run, as positions; null before Redis 7, which cannot tell. None of them is run. One round
    // trip; a command costs Redis about a microsecond.
    public async Task<IReadOnlyList<int>?> Refused(IReadOnlyList<string[]> commands)
    {
        var asked = JsonSerializer.Serialize(commands);
        var refused = (int[])(await redis.Working.Run(Script.FindRefused, [], [asked]).ConfigureAwait(false))!;
        return refused is [-1] ? null : refused;
    }
}
