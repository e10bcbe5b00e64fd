namespace MassTransit;

/// <summary>The result of a search.</summary>
/// <param name="Found">The jobs found in queues, then in the retry, scheduled and dead sets.</param>
/// <param name="IsComplete">False when the search ended early: it found enough, or there were too many jobs.</param>
public sealed record SidekiqSearch(IReadOnlyList<SidekiqFinding> Found, bool IsComplete);

/// <summary>A job that was found.</summary>
/// <param name="Place">Where it waits: <c>retry</c>, <c>schedule</c>, <c>dead</c>, or <c>queue:</c> and the name of a queue.</param>
/// <param name="Entry">The job.</param>
public sealed record SidekiqFinding(string Place, SidekiqEntry Entry);
