using System.Globalization;

namespace MassTransit.Sidekiq;

// The marks of cancelled jobs, which Ruby's iterable jobs and .NET's running ones obey.
internal sealed class CancelStore(RedisConnection redis, RedisKeys keys)
{
    // Within a reasonable time in the script.
    const int MostJobs = 1000;

    // As long as Sidekiq keeps it: a job that waits may begin much later.
    static readonly TimeSpan life = TimeSpan.FromDays(30);

    readonly RedisLink link = redis.Working;

    public Task Cancel(string jid, DateTimeOffset now) =>
        link.Run(
            Script.Cancel,
            [keys.Iteration(jid)],
            [now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture), (long)life.TotalSeconds]
        );

    // For a job that was removed before anybody ran it.
    public Task Forget(string jid) =>
        link.Call("forget", keys.Iteration(jid), database => database.KeyDeleteAsync(keys.Iteration(jid)));

    public async Task<IReadOnlyList<string>> Find(IReadOnlyList<string> jids)
    {
        var found = new List<string>();
        foreach (var slice in jids.Chunk(MostJobs))
        {
            var positions = (int[])
                (await link.Run(Script.FindCancelled, [.. slice.Select(keys.Iteration)], []).ConfigureAwait(false))!;
            found.AddRange(positions.Select(position => slice[position]));
        }

        return found;
    }
}
