namespace MassTransit.Testing;

/// <summary>
/// What a test sees of the jobs of the buses in its container, and how it runs them. Serialization, contracts, options,
/// filters, observers and consumers are the real ones; the endpoints take jobs only when the test asks for it.
/// </summary>
public interface ISidekiqTestHarness
{
    /// <summary>Where jobs wait, and whether sends run them.</summary>
    SidekiqTestMode Mode { get; }

    /// <summary>
    /// Every job that waits: those in queues, each queue from the next to run to the last, and then the scheduled ones by their
    /// time. Responses, which only a waiting client sees, are not among them.
    /// </summary>
    Task<IReadOnlyList<SidekiqTestJob>> Jobs();

    /// <summary>The one job that waits with this message, in whatever queue.</summary>
    /// <param name="which">Which messages count; all of the type by default.</param>
    /// <exception cref="SidekiqTestException">There is none, or more than one: the message lists the jobs that wait.</exception>
    Task<SidekiqTestJob<T>> Enqueued<T>(Func<T, bool>? which = null)
        where T : class;

    /// <summary>All jobs that wait with this message. A publish makes one for each subscriber.</summary>
    /// <param name="which">Which messages count; all of the type by default.</param>
    Task<IReadOnlyList<SidekiqTestJob<T>>> AllEnqueued<T>(Func<T, bool>? which = null)
        where T : class;

    /// <summary>The one job that waits for this Ruby class.</summary>
    /// <exception cref="SidekiqTestException">There is none, or more than one: the message lists the jobs that wait.</exception>
    Task<SidekiqTestJob> Enqueued(string jobClass);

    /// <summary>Checks that no job waits with this message.</summary>
    /// <param name="which">Which messages count; all of the type by default.</param>
    /// <exception cref="SidekiqTestException">There is one: the message lists the jobs that wait.</exception>
    Task NoneEnqueued<T>(Func<T, bool>? which = null)
        where T : class;

    /// <summary>
    /// Runs a job as Ruby writes it, <c>{"class":"ShipOrder","queue":"orders","args":[7]}</c>, through the endpoint that takes
    /// jobs from its queue, and tells how it ended. It is stored nowhere, before or after; what its consumer sends is sent.
    /// </summary>
    /// <param name="json">The job. What Ruby's client adds (jid, created_at, retry) may be left out.</param>
    /// <param name="queue">The queue it comes from. Default: the one that it names.</param>
    /// <exception cref="SidekiqTestException">No endpoint takes jobs from this queue.</exception>
    Task<SidekiqRun> RunJob(string json, string? queue = null);

    /// <summary>
    /// Runs the jobs that wait in a queue, one after the other, and those that they add to it, until it is empty. Scheduled and
    /// retried jobs stay where they are. At most 10,000 jobs.
    /// </summary>
    /// <param name="queue">The queue. Default: all queues of the endpoints of this process, and its outboxes before.</param>
    /// <param name="throwOnFailure">Whether a job that fails is thrown, once all have run. False leaves it to the returned runs.</param>
    /// <returns>The runs, in their order.</returns>
    /// <exception cref="SidekiqTestException">A job failed (the inner exception is what its consumer threw), or no endpoint takes jobs from this queue.</exception>
    Task<IReadOnlyList<SidekiqRun>> Drain(string? queue = null, bool throwOnFailure = true);

    /// <summary>Moves scheduled jobs to their queues, the earliest first, and drains these.</summary>
    /// <param name="dueBy">Only those that are due by this time. Default: all, whatever their time.</param>
    /// <param name="throwOnFailure">As in <see cref="Drain" />.</param>
    Task<IReadOnlyList<SidekiqRun>> RunScheduled(DateTimeOffset? dueBy = null, bool throwOnFailure = true);

    /// <summary>Moves the jobs of the retry set to their queues, the earliest first, and drains these.</summary>
    /// <param name="dueBy">Only those that are due by this time. Default: all, whatever their time.</param>
    /// <param name="throwOnFailure">As in <see cref="Drain" />.</param>
    Task<IReadOnlyList<SidekiqRun>> RunRetries(DateTimeOffset? dueBy = null, bool throwOnFailure = true);

    /// <summary>
    /// The jobs that messages in the transactional outboxes of this process will become, in the order of their commits. A
    /// published one has no queue until it is drained: its <see cref="SidekiqTestJob.Queue" /> is its topic.
    /// </summary>
    Task<IReadOnlyList<SidekiqTestJob>> Staged();

    /// <summary>Sends what waits in the transactional outboxes of this process, which their own relays leave to the test.</summary>
    /// <exception cref="SidekiqTestException">Some of it could not be sent.</exception>
    Task DrainOutbox();

    /// <summary>Removes all jobs that wait, are scheduled or retried, or are dead: for tests that share a bus.</summary>
    Task Clear();
}
