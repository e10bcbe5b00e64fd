namespace MassTransit;

/// <summary>A run of a periodic job.</summary>
/// <param name="At">The time of its schedule that it ran for.</param>
/// <param name="Copies">How many jobs were enqueued: one for a queue, one per subscription for a topic, zero for a topic without any.</param>
/// <param name="Jobs">The first ten of them, those of temporary queues left out.</param>
public sealed record SidekiqPeriodicRun(DateTimeOffset At, int Copies, IReadOnlyList<SidekiqPeriodicRunJob> Jobs);

/// <summary>A job of a run.</summary>
/// <param name="Jid">Its job id.</param>
/// <param name="Queue">The queue it was pushed to.</param>
/// <param name="Class">Its class.</param>
public sealed record SidekiqPeriodicRunJob(string Jid, string Queue, string Class);
