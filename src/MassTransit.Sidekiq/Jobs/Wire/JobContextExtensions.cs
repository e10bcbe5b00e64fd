namespace MassTransit;

/// <summary>The Sidekiq job behind a message.</summary>
public static class JobContextExtensions
{
    /// <summary>
    /// The job that is being consumed: jid, class, queue, retry count, times, tags, raw JSON and unknown keys. For
    /// consumers, filters and observers on the Sidekiq transport.
    /// </summary>
    /// <exception cref="PayloadNotFoundException">The message did not come from a Sidekiq queue.</exception>
    public static SidekiqJob GetJob(this PipeContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.TryGetJob()
            ?? throw new PayloadNotFoundException(
                "This message did not come from a Sidekiq queue. Use TryGetJob if other transports deliver it too."
            );
    }

    /// <summary>The job that is being consumed, or null when the message came over another transport.</summary>
    public static SidekiqJob? TryGetJob(this PipeContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.TryGetPayload<SidekiqJob>(out var job) ? job : null;
    }
}
