namespace MassTransit.Sidekiq;

// The network, the thread pool and the last second of a stop keep real time, whatever clock the jobs live by.
internal static class RealTime
{
    public static readonly TimeProvider Clock = TimeProvider.System;
}
