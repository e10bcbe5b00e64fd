using System.Globalization;
using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// The lease of a process: the connections it names, the one that renews it first, and its time left. `Text` is what it holds:
// "connections 7 9", or something else where the process does not know them, or is of a version that says nothing of them.
internal sealed record ProcessLease(string Identity, string Text, TimeSpan Left)
{
    const string Prefix = "connections ";

    public long[] Connections { get; } =
    [
        .. (Text.StartsWith(Prefix, StringComparison.Ordinal) ? Text[Prefix.Length..] : "")
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(id => long.TryParse(id, CultureInfo.InvariantCulture, out var number) ? number : 0)
            .Where(id => id > 0),
    ];

    public static string TextOf(ConnectionIds ids) => ids.ToString() is { Length: > 0 } known ? Prefix + known : "";
}

// Who looks for dead processes, and which connections are still open. Only the end of a lease changes anything for its process.
internal sealed class WatchStore(RedisConnection redis, RedisKeys keys)
{
    public const int MostOrphans = 100;

    readonly RedisLink link = redis.Working;

    // Takes or keeps the watch, unless another process has it. `left` is what the key held when its connection was found closed.
    // `isTold`: Redis tells this process which connections are open. Without it the watch names no connection, so that one that is
    // told takes over. Returns what the key holds now.
    public async Task<string> Watch(TimeSpan life, string left = "", bool isTold = true) =>
        (string)
            (
                await link.Run(
                        Script.Watch,
                        [keys.Rescuer],
                        [keys.Identity, isTold ? FirstOf(redis.Ids.ToString()) : "", (long)life.TotalMilliseconds, left]
                    )
                    .ConfigureAwait(false)
            )!;

    // Whether others can tell that this process is dead.
    public bool KnowsItself => redis.Ids.ToString().Length > 0;

    public bool IsOurs(string watcher) => watcher.Split(' ')[0] == keys.Identity;

    // The connection of a process that watches; null when the key does not tell.
    public static long? ConnectionOf(string watcher) =>
        watcher.Split(' ') is [_, var id, ..] && long.TryParse(id, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    // All leases but this process's own, and up to a hundred queues of processes without one. `withTimes`: also what each has left.
    public async Task<(IReadOnlyList<Orphan> Orphans, IReadOnlyList<ProcessLease> Leases)> Look(bool withTimes = false)
    {
        var reply = (RedisResult[])
            (
                await link.Run(Script.Look, [keys.Owners], [(string)keys.AliveOf("")!, withTimes ? 1 : 0, MostOrphans])
                    .ConfigureAwait(false)
            )!;
        var leases = ((RedisResult[])reply[1]!)
            .Chunk(3)
            .Select(lease => new ProcessLease(
                (string)lease[0]!,
                (string)lease[1]!,
                TimeSpan.FromMilliseconds((long)lease[2])
            ));

        return (
            [.. ((string[])reply[0]!).Select(Orphan.Parse)],
            [.. leases.Where(lease => lease.Identity != keys.Identity)]
        );
    }

    // Which of these connections Redis has open. A script may not ask for it. Throws when the user may not either.
    public async Task<HashSet<long>> Open(IReadOnlyCollection<long> connections)
    {
        if (connections.Count == 0)
        {
            return [];
        }

        object[] question = ["LIST", "ID", .. connections.Select(id => (object)id)];
        var reply = await redis
            .Control.Ask("CLIENT LIST", database => database.ExecuteAsync("CLIENT", question))
            .ConfigureAwait(false);

        // In RESP 3 it is a string of a type of its own, which the cast would leave in front.
        return ConnectionsIn(reply.ToString(out _) ?? "");
    }

    // False when the lease says something else by now, or was renewed: it has more left than `most`.
    public async Task<bool> End(ProcessLease lease, TimeSpan most) =>
        (int)
            await link.Run(Script.EndLease, [keys.AliveOf(lease.Identity)], [lease.Text, (long)most.TotalMilliseconds])
                .ConfigureAwait(false) == 1;

    // A line of each connection: "id=7 addr=… …".
    static HashSet<long> ConnectionsIn(string list)
    {
        var open = new HashSet<long>();
        foreach (var line in list.AsSpan().EnumerateLines())
        {
            var end = line.IndexOf(' ');
            if (
                line.StartsWith("id=", StringComparison.Ordinal)
                && long.TryParse(line[3..(end < 0 ? line.Length : end)], CultureInfo.InvariantCulture, out var id)
            )
            {
                open.Add(id);
            }
        }

        return open;
    }

    static string FirstOf(string ids) => ids.Split(' ')[0];
}
