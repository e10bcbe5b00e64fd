namespace MassTransit.Sidekiq;

// A job about to be written; its queue and jid are set when it is sent.
internal sealed class JobDraft
{
    public required string Class { get; set; }

    // The ActiveJob's class; Class is then the wrapper.
    public string? Wrapped { get; set; }

    // A complete JSON array, written unchanged.
    public ReadOnlyMemory<byte> Args { get; set; } = "[]"u8.ToArray();

    public JobOptions Options { get; set; } = JobOptions.None;

    // Null for a periodic job, which is created anew with each run.
    public DateTimeOffset? CreatedAt { get; set; }

    // When it is pushed to its queue; null for the scheduled set, where the key would make its latency wrong.
    public DateTimeOffset? EnqueuedAt { get; set; }

    public string? TraceParent { get; set; }

    public JobMetadata? Metadata { get; set; }

    public SidekiqTimeFormat TimeFormat { get; set; }
}
