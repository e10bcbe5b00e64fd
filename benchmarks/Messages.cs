using System.Diagnostics;

namespace MassTransit.Sidekiq.Benchmarks;

// Small enough for a job of about 600 bytes including all of MassTransit's metadata.
[SidekiqJob("BenchJob")]
public sealed record BenchJob(int Number, string Text)
{
    // In a queue named "bench", the rest of the job makes up the difference.
    public static BenchJob Any { get; } = new(1, new string('x', 90));
}

public sealed record BenchEvent(int Number, string Text)
{
    public static BenchEvent Any { get; } = new(1, new string('x', 90));
}

public sealed record Question(int Number, string Text)
{
    public static Question Any { get; } = new(1, new string('x', 90));
}

public sealed record Answer(int Number);

// A job that remembers when it was sent.
public sealed record TimedJob(long SentAt)
{
    // Only warms up: no worker tells of it.
    public static TimedJob Untold { get; } = new(0);

    public static TimedJob Now => new(Stopwatch.GetTimestamp());
}

internal sealed class NoOpConsumer(Meter meter) : IConsumer<BenchJob>
{
    public Task Consume(ConsumeContext<BenchJob> context) => meter.Count();
}

internal sealed class QuestionConsumer : IConsumer<Question>
{
    public Task Consume(ConsumeContext<Question> context) => context.RespondAsync(new Answer(context.Message.Number));
}

internal sealed class TimedConsumer(Arrivals arrivals) : IConsumer<TimedJob>
{
    public Task Consume(ConsumeContext<TimedJob> context)
    {
        arrivals.Arrived(Stopwatch.GetElapsedTime(context.Message.SentAt));
        return Task.CompletedTask;
    }
}

// Measures between two counts, so that the figure excludes start and stop.
internal sealed class Meter(int first, int last, Task gate)
{
    readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int count;
    long startedAt;
    long allocatedBefore;
    TimeSpan elapsed;
    long allocated;

    public Task Done => done.Task;

    public double JobsPerSecond => (last - first) / elapsed.TotalSeconds;

    public double AllocatedPerJob => (double)allocated / (last - first);

    public Task Count()
    {
        var counted = Interlocked.Increment(ref count);
        if (counted == first)
        {
            allocatedBefore = GC.GetTotalAllocatedBytes();
            startedAt = Stopwatch.GetTimestamp();
        }
        else if (counted == last)
        {
            elapsed = Stopwatch.GetElapsedTime(startedAt);
            allocated = GC.GetTotalAllocatedBytes() - allocatedBefore;
            done.TrySetResult();
        }

        return gate;
    }
}

// Completes the caller that waits for an arrival.
internal sealed class Arrivals
{
    TaskCompletionSource<TimeSpan> next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<TimeSpan> Next()
    {
        next = new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously);
        return next.Task;
    }

    public void Arrived(TimeSpan latency) => next.TrySetResult(latency);
}
