namespace MassTransit;

/// <summary>Who holds claimed jobs.</summary>
/// <param name="Claims">The claims, those of processes without a lease first.</param>
/// <param name="IsComplete">False when there are more.</param>
public sealed record SidekiqClaims(IReadOnlyList<SidekiqClaim> Claims, bool IsComplete);

/// <summary>
/// The jobs that a .NET process has claimed from one queue. One without a lease has died, or has been suspended for longer than its
/// lease: any other .NET process with an endpoint returns its jobs to the queue within seconds.
/// </summary>
/// <param name="Identity">The identity of the process.</param>
/// <param name="Queue">The queue.</param>
/// <param name="Jobs">How many jobs it holds; zero for an endpoint that is idle.</param>
/// <param name="IsAlive">Whether its lease lives.</param>
public sealed record SidekiqClaim(string Identity, string Queue, long Jobs, bool IsAlive);
