using System.Net.Sockets;

namespace MassTransit.Sidekiq;

// Whether Redis answers at all, and if not, which of the reasons it is.
internal sealed class RedisCheck() : DoctorCheck("redis")
{
    public override async Task<Finding> Run(Examination examination)
    {
        var redis = examination.Redis;
        try
        {
            // A PING works in any database; this needs the right one. It connects as well, which the round trip behind it does not count.
            await examination.Inspector.RetrySet.Count(examination.Token);
            var server = await examination.Inspector.Redis(examination.Token);
            return Ok($"{redis.Place} answers within {Words.Span(server.RoundTrip)}.");
        }
        catch (SidekiqRedisException refused)
        {
            return Refused(redis, refused);
        }
        catch (ConnectionException lost)
        {
            return await redis.WhyLost(examination.Token) switch
            {
                SidekiqRedisException refused => Refused(redis, refused),
                ConnectionException again => await Lost(examination, again),
                _ => Warning(
                    $"{redis.Place} answers now, and did not at first: {lost.Message}",
                    "Look at the network, and at the log of Redis."
                ),
            };
        }
    }

    Finding Refused(ToolRedis redis, SidekiqRedisException refused)
    {
        var inner = refused.InnerException ?? refused;
        if (RedisErrors.IsUntrusted(inner))
        {
            return Error(
                $"{redis.Place} has a TLS certificate that this machine does not trust: {RedisErrors.Cause(inner)}",
                "Install the certificate of its authority on this machine, or name the host as its certificate does."
            );
        }

        if (RedisErrors.IsAuthentication(inner))
        {
            return Error(
                $"{redis.Place} does not accept the user name or the password.",
                "Write both into the address, redis://user:password@host:6379/0 (redis://:password@… where there is only a password), letters such as @ and / as %40 and %2F."
            );
        }

        return refused.Message.Contains(RedisErrors.NoDatabaseAdvice, StringComparison.Ordinal)
                ? Error(
                    $"{redis.Address} has no database {redis.Database}.",
                    "Name one that it has at the end of the address: those of its setting 'databases', 0 to 15 by default. Many hosted servers have 0 only."
                )
            // It answers; the check of the rights says what is missing.
            : RedisErrors.IsNoPermission(inner)
                ? Warning($"{redis.Place} answers, and refuses some commands.", "See the check of the rights.")
            : Error(refused.Message, $"Redis says: {inner.Message}");
    }

    async Task<Finding> Lost(Examination examination, ConnectionException lost)
    {
        var redis = examination.Redis;
        var inner = lost.InnerException ?? lost;
        if (RedisErrors.IsPassing(inner.Message))
        {
            return Error(
                $"{redis.Place} answers, and cannot serve now: {inner.Message}",
                "LOADING and BUSY end by themselves; MISCONF and NOREPLICAS are told in the log of the server."
            );
        }

        var error = await TcpProbe.Try(redis.Servers[0], examination.Token);
        if (error == SocketError.Success)
        {
            return Error(
                $"{redis.Place} accepts connections, and does not answer as Redis ({RedisErrors.Reason(inner)}).",
                "If it wants TLS, write rediss://. Otherwise another program listens there, or Redis hangs: see its log."
            );
        }

        var wayOut = error switch
        {
            SocketError.ConnectionRefused =>
                "Nothing listens there. Start Redis, or name another address with --redis or REDIS_URL.",
            SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain =>
                "No machine has this name. Correct the host in --redis or REDIS_URL.",
            _ => "Check host, port, firewalls, and whether Redis listens on that network (its setting 'bind').",
        };
        return Error($"{redis.Place} cannot be reached ({error}).", wayOut);
    }
}
