namespace MassTransit;

/// <summary>How many messages are sent at once: when their jobs are due, what each carries, and who is told of the progress.</summary>
public sealed class SendManyOptions
{
    /// <summary>When the jobs are due. Default, and when it has passed: at once. Their order is then that of their times.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>
    /// Spreads the jobs evenly over this period, from <see cref="At" /> on, or from when each is sent; however many there are. Neighbours
    /// in the source are far apart in time. A longer period keeps the jobs longer in the scheduled set, which is in memory. Default:
    /// zero, all at once.
    /// </summary>
    public TimeSpan Spread { get; init; }

    /// <summary>
    /// Called with each message's context before it is sent, as the callback of a single send: <c>x => x.Job(j => j.Retry = 3)</c>.
    /// </summary>
    public Action<SendContext>? Configure { get; init; }

    /// <summary>
    /// Called with each slice of up to 1,000 messages that were sent, in the order of the source; calls do not overlap. An exception of
    /// it ends the sending.
    /// </summary>
    public Action<IReadOnlyList<SentMessage>>? Sent { get; init; }

    /// <summary>Is told after each slice how many messages have been sent.</summary>
    public IProgress<long>? Progress { get; init; }

    // The same, with something done to each message after `Configure`.
    internal SendManyOptions With(Action<SendContext> more) =>
        new()
        {
            At = At,
            Spread = Spread,
            Configure = Configure + more,
            Sent = Sent,
            Progress = Progress,
        };
}
