using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MassTransit.Sidekiq;

// Whether restarting the process would help, for a liveness probe. A Redis that is down or refuses is no reason: it would be as
// down afterwards. A lease that is not renewed although Redis answers is one: other processes take the jobs of this one then.
internal sealed class SidekiqLiveCheck<TBus>(BusRuntime runtime) : IHealthCheck
    where TBus : class, IBus
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(context);
        var fault = runtime.RunningProcess is { } process
            ? Liveness.Fault(process.Lease.Loop.SinceTurn, process.Redis.Outage is null, process.Redis.SinceBack)
            : null;

        return Task.FromResult(
            fault is null
                ? HealthCheckResult.Healthy()
                : new HealthCheckResult(context.Registration.FailureStatus, fault)
        );
    }
}

internal static class Liveness
{
    // Twenty of its turns, and several times what a command may take.
    static readonly TimeSpan limit = TimeSpan.FromMinutes(1);

    // Null for a process that lives. `sinceTurn` is that of the loop that renews the lease; `sinceBack` how long Redis has been up.
    public static string? Fault(TimeSpan sinceTurn, bool isRedisUp, TimeSpan sinceBack) =>
        sinceTurn > limit && isRedisUp && sinceBack > limit
            ? $"The lease was not renewed for {sinceTurn.TotalSeconds:0} s (limit {limit.TotalSeconds:0} s) although Redis answers: the process is stuck. Restart it."
            : null;
}
