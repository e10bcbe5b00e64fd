namespace MassTransit.Sidekiq;

// How far a job is, as its consumer says.
internal sealed record Progress(long Done, long? Total);

// What is kept of an iterable job between its runs.
internal sealed record IterationState(long Executions, string? Cursor, TimeSpan Runtime, Progress? Progress)
{
    public static IterationState None { get; } = new(0, null, TimeSpan.Zero, null);

    public bool IsCancelled { get; init; }
}
