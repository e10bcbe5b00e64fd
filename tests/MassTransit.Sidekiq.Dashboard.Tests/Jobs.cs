using System.Globalization;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Dashboard.Tests;

// Jobs as Ruby and .NET leave them.
static class Jobs
{
    public static string Of(string jobClass, string jid, string args = "[]", string more = "") =>
        string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"class":"{{jobClass}}","args":{{args}},"queue":"billing","jid":"{{jid}}","created_at":{{TestClock.Pushed}},"enqueued_at":{{TestClock.Pushed}},"retry":true{{more}}}"""
        );

    public static string Failed(
        string jobClass,
        string jid,
        string error,
        string message = "no answer",
        string args = "[]"
    ) =>
        Of(
            jobClass,
            jid,
            args,
            $$""","error_class":"{{error}}","error_message":"{{message}}","failed_at":{{TestClock.Pushed}},"retry_count":0"""
        );

    // A batch with these fields, started so many seconds after the others.
    public static async Task SeedBatch(RedisDatabase redis, string id, HashEntry[] fields, int later = 0)
    {
        var created = TestClock.Start.ToUnixTimeSeconds() + later;
        await redis.Db.SortedSetAddAsync("mt:batches", id, created);
        await redis.Db.HashSetAsync($"mt:batch:{id}", [new("created", created), .. fields]);
    }
}
