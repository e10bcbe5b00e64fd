namespace MassTransit.Sidekiq;

// The network, the thread pool and the last second of a shutdown use real time, whatever clock is injected.
internal static class RealTime
{
    public static readonly TimeProvider Clock = TimeProvider.System;
}
