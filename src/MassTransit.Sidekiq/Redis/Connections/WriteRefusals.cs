using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq;

// Whether Redis answers but takes no writes: its memory is full, it has too few replicas, its cluster is down. Logged once
// when it begins and once when it ends. At the limit of its memory each job that ends makes room for one more, so that
// pushes succeed and fail in turn: it has ended when one succeeds and none was refused for some seconds.
internal sealed class WriteRefusals(string address, ILogger logger)
{
    static readonly TimeSpan calm = TimeSpan.FromSeconds(3);

    readonly Lock gate = new();
    volatile string? code;
    long since;
    long last;

    // The error's first word while it lasts: OOM, NOREPLICAS or CLUSTERDOWN.
    public string? Code => code;

    // The result of an addition: Redis's error, or "" for success.
    public void Tried(string error)
    {
        if (error.Length == 0)
        {
            Passed();
        }
        else if (RedisErrors.RefusesWrites(error) is { } refused)
        {
            Refused(refused);
        }
    }

    public void Refused(string by)
    {
        lock (gate)
        {
            last = RealTime.Clock.GetTimestamp();
            if (code is null)
            {
                (code, since) = (by, last);
                logger.WritesRefused(address, RedisErrors.WritesAdvice(by));
            }
        }
    }

    public void Passed()
    {
        if (code is null)
        {
            return;
        }

        lock (gate)
        {
            if (code is not null && RealTime.Clock.GetElapsedTime(last) >= calm)
            {
                code = null;
                logger.WritesTaken(address, RealTime.Clock.GetElapsedTime(since).TotalSeconds);
            }
        }
    }
}
