using System.Globalization;
using System.Net;
using StackExchange.Redis;

namespace MassTransit.Sidekiq;

/// <summary>
/// Finds the primary among several configured servers, without a sentinel. Each is asked for its role and its history
/// (`INFO replication`): replicas have the replication id of their primary, and a promoted one keeps it as its second.
/// 1. The connected primary stays, unless another was promoted from its history.
/// 2. Otherwise the one with the longest part of the history that was written to last.
/// 3. A primary with another history has lost its own: it restarted, and one of its replicas may still be promoted. It is
///   accepted when no server has the old history any more, when none was ever known, or when none was promoted for 15 s.
/// </summary>
internal sealed class Replicas(RedisSettings settings) : IPrimarySource
{
    static readonly TimeSpan patience = TimeSpan.FromSeconds(15);

    ConnectionMultiplexer? servers;
    string history = "";
    long strangerSince;

    public async Task<EndPoint?> Find(EndPoint? connected, CancellationToken cancellationToken)
    {
        servers ??= await ConnectionMultiplexer
            .ConnectAsync(RedisOptions.ForReplicas(settings))
            .WaitAsync(cancellationToken)
            .ConfigureAwait(false);

        var answers = await Task.WhenAll(servers.GetServers().Select(Ask)).ConfigureAwait(false);
        List<ReplicationInfo> told = [.. answers.OfType<ReplicationInfo>()];
        var primary = Choose(told, connected, history) ?? StrangerOf(told);
        if (primary is not null)
        {
            (history, strangerSince) = (primary.Id, 0);
        }

        return primary?.Server;
    }

    public async ValueTask DisposeAsync()
    {
        if (servers is { } open)
        {
            await open.CloseAsync(allowCommandsToComplete: false).ConfigureAwait(false);
            open.Dispose();
        }
    }

    public static ReplicationInfo? Choose(IReadOnlyList<ReplicationInfo> servers, EndPoint? connected, string history)
    {
        var primaries = servers.Where(server => server.IsPrimary).ToList();
        if (primaries.Find(server => server.Server.Equals(connected)) is { } stays)
        {
            return primaries.Find(other => other != stays && other.SecondId == stays.Id) ?? stays;
        }

        var successor = primaries
            .Where(server => server.OffsetIn(history) >= 0)
            // A primary that was shut down cleanly has the same past as its successor, but no writes since.
            .MaxBy(server => (server.SecondId == history, server.OffsetIn(history), server.Offset));
        if (successor is not null || servers.Any(server => server.OffsetIn(history) >= 0))
        {
            return successor;
        }

        return primaries.MaxBy(server => (server.ConnectedReplicas, server.Offset));
    }

    ReplicationInfo? StrangerOf(List<ReplicationInfo> told)
    {
        if (!told.Exists(server => server.IsPrimary))
        {
            strangerSince = 0;
        }
        else if (strangerSince == 0)
        {
            strangerSince = RealTime.Clock.GetTimestamp();
        }

        return strangerSince != 0 && RealTime.Clock.GetElapsedTime(strangerSince) >= patience
            ? Choose(told, connected: null, history: "")
            : null;
    }

    static async Task<ReplicationInfo?> Ask(IServer server)
    {
        try
        {
            var info = await server.InfoRawAsync("replication").ConfigureAwait(false);
            return info is null ? null : ReplicationInfo.Parse(server.EndPoint, info);
        }
        catch (Exception absent) when (RedisErrors.IsRedis(absent))
        {
            return null;
        }
    }
}

// What a server reports about its part in the replication.
internal sealed record ReplicationInfo(
    EndPoint Server,
    bool IsPrimary,
    string Id,
    string SecondId,
    long Offset,
    long SecondOffset,
    int ConnectedReplicas
)
{
    public static ReplicationInfo Parse(EndPoint server, string info) =>
        new(
            server,
            RedisInfo.Field(info, "role:") == "master",
            RedisInfo.Field(info, "master_replid:"),
            RedisInfo.Field(info, "master_replid2:"),
            Number(info, "master_repl_offset:"),
            Number(info, "second_repl_offset:"),
            (int)Number(info, "connected_slaves:")
        );

    // How far it goes in this history; -1 when it has no part in it.
    public long OffsetIn(string history) =>
        history.Length == 0 ? -1
        : Id == history ? Offset
        : SecondId == history ? SecondOffset
        : -1;

    static long Number(string info, string name) =>
        long.TryParse(RedisInfo.Field(info, name), CultureInfo.InvariantCulture, out var number) ? number : 0;
}
