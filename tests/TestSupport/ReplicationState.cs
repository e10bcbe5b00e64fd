using System.Globalization;
using System.Net.Sockets;
using System.Text;

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
    static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(2);

    const string None = "0000000000000000000000000000000000000000";

    /// <summary>Whether it takes writes.</summary>
    public bool IsPrimary => Role == "master";

    /// <summary>
    /// Asks a server; null while it does not answer. It is asked by a connection of this moment: a change of its role closes
    /// those of its clients, and a client may take long to come back.
    /// </summary>
    public static async Task<ReplicationState?> Of(RedisServer server)
    {
        using var limit = new CancellationTokenSource(LongestAnswer);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(server.Address.Host, server.Port, limit.Token);
            using var reader = new StreamReader(client.GetStream());
            var login = server.Address.Password is { } password ? $"AUTH {password}\r\n" : "";
            var question = Encoding.UTF8.GetBytes($"{login}INFO replication\r\nQUIT\r\n");
            await client.GetStream().WriteAsync(question, limit.Token);
            return Parse(await reader.ReadToEndAsync(limit.Token));
        }
        catch (Exception away) when (away is SocketException or IOException or OperationCanceledException)
        {
            // It is down or frozen.
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
            // It reads its data.
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
