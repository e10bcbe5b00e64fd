namespace MassTransit;

/// <summary>Why a job died that had not failed for the last time: somebody sent it to the dead set by hand.</summary>
public sealed class SidekiqJobKilledException() : MassTransitException("Job killed by API");
