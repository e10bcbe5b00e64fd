using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MassTransit.Sidekiq;

// Degraded when the oldest message is older than HealthyAge or any were set aside, unhealthy at four times that age
// or when the database does not answer. Each load balancer asks every few seconds, so it counts no further than a
// thousand.
internal sealed class OutboxHealthCheck<TDbContext>(
    IOutboxInspector<TDbContext> inspector,
    OutboxSettings<TDbContext> settings
) : IHealthCheck
    where TDbContext : DbContext
{
    const int Most = 1000;

    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context,
        CancellationToken cancellationToken = default
    )
    {
        OutboxCounts counts;
        try
        {
            counts = inspector is OutboxInspector<TDbContext> ours
                ? await ours.Glance(Most, cancellationToken).ConfigureAwait(false)
                : await inspector.Count(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return new HealthCheckResult(
                context.Registration.FailureStatus,
                $"The outbox of {settings.Name} cannot be read.",
                exception
            );
        }

        var healthy = settings.Options.HealthyAge;
        var text =
            $"{Told(counts.Pending)} pending, the oldest for {counts.OldestAge.TotalSeconds:0} s (limit {healthy.TotalSeconds:0} s), {Told(counts.SetAside)} set aside";
        var data = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["pending"] = counts.Pending,
            ["oldestSeconds"] = counts.OldestAge.TotalSeconds,
            ["setAside"] = counts.SetAside,
        };

        return counts.OldestAge > 4 * healthy
                ? new HealthCheckResult(context.Registration.FailureStatus, text, data: data)
            : counts.OldestAge > healthy || counts.SetAside > 0 ? HealthCheckResult.Degraded(text, data: data)
            : HealthCheckResult.Healthy(text, data);
    }

    static string Told(long count) => count < Most ? $"{count}" : $"{Most} or more";
}
