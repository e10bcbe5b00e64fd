using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace MassTransit.Sidekiq;

/// What the transport counts, for OpenTelemetry: `AddMeter("MassTransit.Sidekiq")`.
internal static class SidekiqMeter
{
    public const string Name = "MassTransit.Sidekiq";

    // Whoever pushes names the class, so a tag of it must not grow without end.
    const int MostClasses = 100;

    static readonly Meter meter = new(Name);
    static readonly ConcurrentDictionary<string, byte> classes = new(StringComparer.Ordinal);
    static readonly Counter<long> unreadable = meter.CreateCounter<long>(
        "sidekiq.jobs.unreadable",
        "{job}",
        "Attempts at jobs that no consumer here understands: an unknown class, arguments that do not fit, or no job at all."
    );

    /// Counts an attempt that failed because nobody understands the job; other failures are none of these.
    public static void CountUnreadable(Exception fault, string? jobClass, string queue)
    {
        var reason = fault switch
        {
            UnknownJobClassException => "unknown_class",
            JobArgumentsException => "arguments",
            InvalidJobException => "no_job",
            _ => null,
        };

        if (reason is not null && unreadable.Enabled)
        {
            unreadable.Add(
                1,
                new("error.type", reason),
                new("sidekiq.job.class", Bounded(jobClass)),
                new("messaging.destination.name", queue)
            );
        }
    }

    static string Bounded(string? jobClass)
    {
        if (jobClass is null)
        {
            return "none";
        }

        return classes.ContainsKey(jobClass) || (classes.Count < MostClasses && classes.TryAdd(jobClass, 0))
            ? jobClass
            : "other";
    }
}
