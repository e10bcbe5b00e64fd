using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MassTransit.Sidekiq;

// Complements MassTransit's check of the endpoints: whether Redis answers, the heartbeat is recent, the clock agrees with
// Redis's, and the process is quiet. `TBus` distinguishes the checks of several buses.
internal sealed class SidekiqHealthCheck<TBus>(BusRuntime runtime) : IHealthCheck
    where TBus : class, IBus
{
    static readonly TimeSpan timeout = TimeSpan.FromSeconds(5);

    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(context);
        if (runtime.RunningProcess is not { } process)
        {
            return HealthCheckResult.Healthy("The bus has not started.");
        }

        if (runtime.Settings.Absence is { } absence)
        {
            return HealthCheckResult.Healthy(absence);
        }

        DateTimeOffset? time;
        try
        {
            time = await process
                .Redis.ServerTime()
                .WaitAsync(timeout, TimeProvider.System, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is ConnectionException or TimeoutException)
        {
            return new HealthCheckResult(
                context.Registration.FailureStatus,
                $"Redis at {process.Redis.Settings.Address} {process.Redis.Silence}.",
                fault
            );
        }

        var now = runtime.Clock.GetUtcNow();
        var skew = time is { } known ? now - known : TimeSpan.Zero;
        var silence = process.LastBeat is { } beat ? now - beat : TimeSpan.Zero;
        var data = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["identity"] = process.Identity,
            ["busy"] = process.Roster.Busy,
            ["quiet"] = process.Control.IsQuiet,
            ["beatAgeSeconds"] = silence.TotalSeconds,
            ["clockSkewSeconds"] = skew.TotalSeconds,
        };

        return Worry(process, silence, skew) is { } worry
            ? HealthCheckResult.Degraded(worry, data: data)
            : HealthCheckResult.Healthy($"{process.Identity} on Redis at {process.Redis.Settings.Address}", data);
    }

    string? Worry(SidekiqProcess process, TimeSpan silence, TimeSpan skew)
    {
        if (silence > 4 * runtime.Settings.Beat)
        {
            return $"No heartbeat for {silence.TotalSeconds:0} s (one is due every {runtime.Settings.Beat.TotalSeconds:0} s): the process is overloaded, or Redis refuses it. See the log.";
        }

        if (skew.Duration() > ClockSkew.Tolerable)
        {
            return $"The clock is {skew.Duration().TotalSeconds:0.0} s {ClockSkew.Direction(skew)} Redis's (limit {ClockSkew.Tolerable.TotalSeconds:0} s): scheduled jobs run at the wrong time. Synchronize both machines by NTP.";
        }

        if (process.Unsettled is { Reason: { } reason, Jobs.Count: var count })
        {
            return $"{count} jobs have ended, and Redis refuses to move them: {reason}";
        }

        if (process.Redis.Refusals.Code is { } code)
        {
            return $"Redis at {process.Redis.Settings.Address} takes no writes ({RedisErrors.WritesAdvice(code)}).";
        }

        return process.Control.IsQuiet ? "Quiet: the process takes no more jobs until it is restarted." : null;
    }
}
