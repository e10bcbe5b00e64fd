using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq;

/// <summary>
/// Keeps the process alive in Redis while consumers block the thread pool (starvation). Renewing the lease, settling jobs and
/// all other asynchronous work need a pool thread now and then; consumers that each block a thread (`Thread.Sleep`, `.Result`,
/// synchronous I/O) use them up, and .NET adds only one or two a second.
/// 1. A dedicated thread looks twice a second whether work waits for a thread, and if so, queues a probe to the pool. It leaves an
///    idle pool alone: a thread that wakes looks for more work for longer than the probe takes.
/// 2. When a probe has waited for a second, it raises the minimum of pool threads by eight, and again twice a second until the
///    probe has run: .NET adds threads up to the minimum without delay. At most 1,024 threads.
/// 3. Logged once when it begins, and once when probes have run in time for ten seconds.
/// </summary>
internal sealed class PoolWatch(ILogger logger)
{
    const int Step = 8;
    const int MostThreads = 1024;

    static readonly TimeSpan period = TimeSpan.FromMilliseconds(500);
    static readonly TimeSpan late = TimeSpan.FromSeconds(1);
    static readonly TimeSpan calm = TimeSpan.FromSeconds(10);

    readonly object gate = new();
    Thread? thread;
    bool isStopped;
    volatile bool hasRun = true;
    long askedAt;
    long lateAt;
    long lastLateAt;

    public void Start()
    {
        thread = new Thread(Watch) { IsBackground = true, Name = "MassTransit.Sidekiq pool watch" };
        thread.Start();
    }

    public void Stop()
    {
        lock (gate)
        {
            isStopped = true;
            Monitor.Pulse(gate);
        }

        thread?.Join();
    }

    bool Pause()
    {
        lock (gate)
        {
            return isStopped || (Monitor.Wait(gate, Ticks.Within(period, RealTime.Clock)) && isStopped);
        }
    }

    void Watch()
    {
        while (!Pause())
        {
            if (hasRun)
            {
                Calm();
                if (ThreadPool.PendingWorkItemCount > 0)
                {
                    Ask();
                }
            }
            else if (RealTime.Clock.GetElapsedTime(askedAt) >= late)
            {
                Help();
            }
        }
    }

    void Ask()
    {
        hasRun = false;
        askedAt = RealTime.Clock.GetTimestamp();
        ThreadPool.UnsafeQueueUserWorkItem(static watch => watch.hasRun = true, this, preferLocal: false);
    }

    void Help()
    {
        lastLateAt = RealTime.Clock.GetTimestamp();
        if (lateAt == 0)
        {
            lateAt = askedAt;
            logger.PoolIsLate(RealTime.Clock.GetElapsedTime(askedAt).TotalSeconds, ThreadPool.ThreadCount, MostThreads);
        }

        ThreadPool.GetMinThreads(out var minimum, out var completionPorts);
        var wanted = Math.Min(MostThreads, Math.Max(minimum, ThreadPool.ThreadCount) + Step);
        if (wanted > minimum)
        {
            ThreadPool.SetMinThreads(wanted, completionPorts);
        }
    }

    void Calm()
    {
        if (lateAt != 0 && RealTime.Clock.GetElapsedTime(lastLateAt) >= calm)
        {
            logger.PoolIsInTime(RealTime.Clock.GetElapsedTime(lateAt, lastLateAt).TotalSeconds, ThreadPool.ThreadCount);
            lateAt = 0;
        }
    }
}
