using System.Collections.Concurrent;
using MassTransit.Context;

namespace MassTransit.Sidekiq;

/// One attempt at a job: keeps back the faults that its consumers report until it is known whether it is the last.
internal sealed class JobAttemptContext(ConsumeContext context) : ConsumeContextProxy(context)
{
    readonly ConsumeContext context = context;
    ConcurrentQueue<Func<bool, Task>>? faults;

    public override Task NotifyFaulted<T>(
        ConsumeContext<T> message,
        TimeSpan duration,
        string consumerType,
        Exception exception
    )
    {
        // Several consumers of one message fail side by side.
        LazyInitializer
            .EnsureInitialized(ref faults)
            .Enqueue(publish =>
                publish
                    ? context.NotifyFaulted(message, duration, consumerType, exception)
                    : ReceiveContext.NotifyFaulted(message, duration, consumerType, exception)
            );

        return Task.CompletedTask;
    }

    /// Observers hear of every fault; `publish` makes each a fault message as well.
    public async Task ReportFaults(bool publish)
    {
        if (faults is null)
        {
            return;
        }

        foreach (var report in faults)
        {
            await report(publish).ConfigureAwait(false);
        }
    }
}
