using System.Globalization;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.TestSupport;

/// <summary>What a server says of itself and of its history, as INFO replication tells it.</summary>
/// <param name="Role">"master" or "slave".</param>
/// <param name="Id">The history that it writes or follows: master_replid.</param>
/// <param name="Offset">How far it has come in that history: master_repl_offset.</param>
/// <param name="FormerId">The history that it went on from when it was promoted: master_replid2; null without one.</param>
/// <param name="FormerEnd">The first offset that the former history does not share: second_repl_offset; null without one.</param>
/// <param name="IsLinked">Of a replica: whether its link to the primary is up.</param>
/// <param name="Online">Of a primary: how many replicas follow it.</param>
public sealed record ReplicationState(
    string Role,
    string Id,
    long Offset,
    string? FormerId,
    long? FormerEnd,
    bool IsLinked,
    int Online
)
{
    const string None = "0000000000000000000000000000000000000000";

    /// <summary>Whether it takes writes.</summary>
    public bool IsPrimary => Role == "master";

    /// <summary>Asks a server; null while it does not answer.</summary>
    public static async Task<ReplicationState?> Of(RedisServer server)
    {
        try
        {
            return Parse((string?)await server.Open().Db.ExecuteAsync("INFO", "replication") ?? "");
        }
        catch (Exception away) when (away is RedisException or TimeoutException or ObjectDisposedException)
        {
            // It is down or it starts, or a change of its role has just closed the connections of its clients.
            return null;
        }
    }

    static ReplicationState? Parse(string info)
    {
        var fields = info.Split("\r\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(':', 2))
            .Where(pair => pair.Length == 2)
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        if (!fields.TryGetValue("role", out var role))
        {
            return null;
        }

        var former = fields["master_replid2"];
        return new ReplicationState(
            role,
            fields["master_replid"],
            Number("master_repl_offset"),
            former == None ? null : former,
            former == None ? null : Number("second_repl_offset"),
            fields.GetValueOrDefault("master_link_status") == "up",
            fields.Values.Count(value => value.Contains("state=online", StringComparison.Ordinal))
        );

        long Number(string name) => long.Parse(fields[name], CultureInfo.InvariantCulture);
    }
}
