using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace MassTransit;

/// <summary>Traces and metrics of MassTransit on Sidekiq, for OpenTelemetry.</summary>
public static class SidekiqInstrumentationExtensions
{
    /// <summary>
    /// Collects the activities of sends, publishes and consumers. They are MassTransit's, in the words of OpenTelemetry's conventions
    /// for messaging, with <c>messaging.system</c> = <c>sidekiq</c>. A trace goes with its jobs as <c>traceparent</c>, to Ruby and back.
    /// Each activity costs some microseconds: sample where there are many (<c>SetSampler</c>).
    /// </summary>
    /// <param name="builder">What <c>services.AddOpenTelemetry().WithTracing(…)</c> hands out.</param>
    public static TracerProviderBuilder AddSidekiqInstrumentation(this TracerProviderBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddSource("MassTransit");
    }

    /// <summary>
    /// Collects the metrics of the transport (<c>MassTransit.Sidekiq</c>), of the outbox (<c>MassTransit.Sidekiq.Outbox</c>) and of
    /// MassTransit itself (<c>MassTransit</c>). While they are collected, each process asks Redis for the sizes of its queues and of
    /// Sidekiq's sets with every heartbeat, every five seconds; nothing is asked for each job.
    /// </summary>
    /// <param name="builder">What <c>services.AddOpenTelemetry().WithMetrics(…)</c> hands out.</param>
    public static MeterProviderBuilder AddSidekiqInstrumentation(this MeterProviderBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddMeter("MassTransit", "MassTransit.Sidekiq", "MassTransit.Sidekiq.Outbox");
    }
}
