using System.Text.Json;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>What the Ruby workers of shop.rb and jobs.rb left behind: the class that ran, its jid, its arguments.</summary>
public sealed record RubyRun(string Class, string Jid, string Args);

static class RubyRuns
{
    /// <summary>The first so many runs, in their order.</summary>
    public static async Task<RubyRun[]> Ran(this RedisDatabase redis, int count)
    {
        await redis.Until(async state => await state.Db.ListLengthAsync("ran") >= count);
        var runs = await redis.Db.ListRangeAsync("ran");
        return [.. runs.Select(run => Read(JsonElement.Parse((string)run!)))];
    }

    static RubyRun Read(JsonElement run) => new(run[0].GetString()!, run[1].GetString()!, run[2].GetRawText());
}
