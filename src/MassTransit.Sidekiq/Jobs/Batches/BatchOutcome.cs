namespace MassTransit.Sidekiq;

// What came of a job, as its batch is told.
internal enum BatchOutcome
{
    Success,

    // It ended without an attempt that counts: expired, cancelled or deleted.
    Dropped,
    Death,
}

internal static class BatchOutcomes
{
    public static string Name(this BatchOutcome outcome) =>
        outcome switch
        {
            BatchOutcome.Success => "success",
            BatchOutcome.Dropped => "dropped",
            _ => "death",
        };
}
