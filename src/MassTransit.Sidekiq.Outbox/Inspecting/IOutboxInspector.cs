using MassTransit.Sidekiq;

namespace MassTransit;

/// <summary>What waits in an outbox, and what was set aside. Inject it; for one of several contexts, <see cref="IOutboxInspector{TDbContext}" />.</summary>
public interface IOutboxInspector
{
    /// <summary>How many messages wait, how long, and how many were set aside.</summary>
    Task<OutboxCounts> Count(CancellationToken cancellationToken = default);

    /// <summary>Messages that could not be sent, the oldest first.</summary>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task<IReadOnlyList<OutboxFault>> Faults(int limit = 100, CancellationToken cancellationToken = default);

    /// <summary>Returns messages that were set aside to the outbox, with their ids.</summary>
    /// <param name="faultIds">Which. Default: all.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>How many of them existed and were released.</returns>
    Task<int> Release(IReadOnlyCollection<long>? faultIds = null, CancellationToken cancellationToken = default);

    /// <summary>Permanently removes messages that were set aside.</summary>
    /// <param name="faultIds">Which.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>How many of them existed and were removed.</returns>
    Task<int> Discard(IReadOnlyCollection<long> faultIds, CancellationToken cancellationToken = default);

    /// <summary>
    /// Wakes the relay of this process and completes when no committed message is left to send, whichever process sends it.
    /// For tests and shutdown scripts; messages that were set aside do not count.
    /// </summary>
    Task WaitUntilDrained(CancellationToken cancellationToken = default);
}

/// <summary>The outbox of one context.</summary>
/// <typeparam name="TDbContext">The context that messages are staged in.</typeparam>
public interface IOutboxInspector<TDbContext> : IOutboxInspector;

/// <summary>What an outbox holds at one moment.</summary>
/// <param name="Pending">Messages that are committed and not yet sent.</param>
/// <param name="OldestAge">How long the oldest of them has waited; zero when there is none.</param>
/// <param name="SetAside">Messages that could not be sent.</param>
/// <param name="Open">Jobs that were sent and are not known to be completed, where they are kept until then.</param>
/// <param name="Dead">Kept jobs that died.</param>
public sealed record OutboxCounts(long Pending, TimeSpan OldestAge, long SetAside, long Open = 0, long Dead = 0);
