using System.Globalization;
using System.Net;
using StackExchange.Redis;

namespace MassTransit.Sidekiq;

/// <summary>
/// The primary that Redis Sentinel names.
/// 1. Every sentinel is asked; the one with the highest configuration epoch has seen the last failover. The address is that
///   of GET-MASTER-ADDR-BY-NAME: the leader of a failover names the new primary there a second before it does so elsewhere.
/// 2. A server that the sentinels consider down, or are about to replace, is not connected to, although it may answer: it
///   came back too early. A connected server is not left on a mere suspicion.
/// 3. `+switch-master` wakes the watch, so that a planned failover is followed at once.
/// </summary>
internal sealed class Sentinels(RedisSettings settings, string service, Action switched) : IPrimarySource
{
    static readonly RedisChannel switches = RedisChannel.Literal("+switch-master");

    ConnectionMultiplexer? sentinels;

    public async Task<EndPoint?> Find(EndPoint? connected, CancellationToken cancellationToken)
    {
        var open = sentinels ??= await Open(cancellationToken).ConfigureAwait(false);
        var answers = await Task.WhenAll(open.GetServers().Select(Ask)).ConfigureAwait(false);
        var known = answers.OfType<Answer>().ToList();
        if (known.Count == 0)
        {
            return null;
        }

        var newest = known.Max(answer => answer.Epoch);
        var latest = known.Where(answer => answer.Epoch == newest).ToList();
        var primary = latest[0].Server;

        return primary.Equals(connected) || !IsDown(latest) ? primary : null;
    }

    public async ValueTask DisposeAsync()
    {
        if (sentinels is { } open)
        {
            await open.CloseAsync(allowCommandsToComplete: false).ConfigureAwait(false);
            open.Dispose();
        }
    }

    static bool IsDown(List<Answer> answers) =>
        answers.Exists(answer => answer.Has("o_down") || answer.Has("failover_in_progress"))
        || answers.TrueForAll(answer => answer.Has("s_down"));

    async Task<ConnectionMultiplexer> Open(CancellationToken cancellationToken)
    {
        var open = await ConnectionMultiplexer
            .ConnectAsync(RedisOptions.ForSentinels(settings))
            .WaitAsync(cancellationToken)
            .ConfigureAwait(false);
        try
        {
            await open.GetSubscriber().SubscribeAsync(switches, (_, _) => switched()).ConfigureAwait(false);
        }
        catch (Exception refused) when (RedisErrors.IsRedis(refused))
        {
            // They are polled once a second anyway.
        }

        return open;
    }

    async Task<Answer?> Ask(IServer sentinel)
    {
        try
        {
            var named = sentinel.SentinelGetMasterAddressByNameAsync(service);
            var fields = await sentinel.SentinelMasterAsync(service).ConfigureAwait(false);
            if (await named.ConfigureAwait(false) is not { } server)
            {
                return null;
            }

            var told = new Dictionary<string, string>(fields, StringComparer.Ordinal);
            var isMeant = RedisOptions.Address(server) == $"{told["ip"]}:{told["port"]}";
            return new Answer(
                server,
                long.Parse(told["config-epoch"], CultureInfo.InvariantCulture),
                isMeant ? told["flags"].Split(',') : []
            );
        }
        catch (Exception absent) when (RedisErrors.IsRedis(absent) || absent is KeyNotFoundException or FormatException)
        {
            return null;
        }
    }

    sealed record Answer(EndPoint Server, long Epoch, string[] Flags)
    {
        public bool Has(string flag) => Flags.Contains(flag, StringComparer.Ordinal);
    }
}
