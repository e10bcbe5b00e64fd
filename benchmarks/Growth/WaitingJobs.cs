using System.Globalization;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Benchmarks;

// Jobs for a queue as a .NET sender writes them, each with a jid of its own, so that a sorted set can hold all of them.
internal sealed class WaitingJobs(Lab lab)
{
    const int Batch = 1000;

    long made;

    // A second apart, from `due` on.
    public async Task AddTo(RedisKey set, int jobs, DateTimeOffset due)
    {
        var job = (string)(await lab.Written())[0]!;
        var jid = job.IndexOf("\"jid\":\"", StringComparison.Ordinal) + "\"jid\":\"".Length;
        var end = job.IndexOf('"', jid);
        for (var left = jobs; left > 0; left -= Batch)
        {
            var entries = new SortedSetEntry[Math.Min(left, Batch)];
            for (var i = 0; i < entries.Length; i++)
            {
                var own = (++made).ToString("x24", CultureInfo.InvariantCulture);
                entries[i] = new SortedSetEntry(
                    string.Concat(job.AsSpan(0, jid), own, job.AsSpan(end)),
                    due.ToUnixTimeSeconds() + (jobs - left) + i
                );
            }

            await lab.Db.SortedSetAddAsync(set, entries);
        }
    }
}
