namespace MassTransit;

/// <summary>What a search found.</summary>
/// <param name="Found">In queues, then retries, scheduled jobs and the dead.</param>
/// <param name="IsComplete">False when it ended before it had looked everywhere: enough was found, or there was too much to look at.</param>
public sealed record SidekiqSearch(IReadOnlyList<SidekiqFinding> Found, bool IsComplete);

/// <summary>A job that was found.</summary>
/// <param name="Place">Where: <c>retry</c>, <c>schedule</c>, <c>dead</c>, or <c>queue:</c> and the name of a queue.</param>
/// <param name="Entry">The job.</param>
public sealed record SidekiqFinding(string Place, SidekiqEntry Entry);
