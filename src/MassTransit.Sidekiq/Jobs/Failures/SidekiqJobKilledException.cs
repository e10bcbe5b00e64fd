namespace MassTransit;

/// <summary>Why a job died before its last attempt: it was sent to the dead set by hand.</summary>
public sealed class SidekiqJobKilledException() : MassTransitException("Job killed by API");
