namespace MassTransit;

/// <summary>A deploy, as <c>Sidekiq::Deploy.mark!</c> and <see cref="ISidekiqInspector.MarkDeploy" /> mark it on the charts of metrics.</summary>
/// <param name="At">Its minute (UTC).</param>
/// <param name="Label">What was deployed, such as a commit with its subject.</param>
public sealed record SidekiqDeploy(DateTimeOffset At, string Label);
