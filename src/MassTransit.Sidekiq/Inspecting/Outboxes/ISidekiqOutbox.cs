namespace MassTransit;

/// <summary>
/// One outbox of the application, as a page shows it: what waits in the database, and what was set aside. The package
/// MassTransit.Sidekiq.Outbox registers one for each context; inject <c>IEnumerable&lt;ISidekiqOutbox&gt;</c>. The cost of a read does not
/// grow with the tables.
/// </summary>
/// <remarks>Without its database every method throws <see cref="SidekiqOutboxException" />.</remarks>
public interface ISidekiqOutbox
{
    /// <summary>What it is called: the context's type, such as <c>OrdersDb</c>.</summary>
    string Name { get; }

    /// <summary>The bus that sends its messages: <see cref="IBus" />, or the interface of an additional bus.</summary>
    Type Bus { get; }

    /// <summary>What it holds now, in up to seven statements.</summary>
    /// <param name="most">How far to count each table; ten thousand take some hundredths of a second. Default: 10,000.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task<SidekiqOutboxState> State(int most = 10_000, CancellationToken cancellationToken = default);

    /// <summary>Messages that could not be sent, the newest first, without their contents.</summary>
    /// <param name="most">How many at most. Default: 25.</param>
    /// <param name="before">Only those before this <see cref="SidekiqOutboxFault.Id" />: where the page before ended. Default: from the newest.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task<IReadOnlyList<SidekiqOutboxFault>> SetAside(
        int most = 25,
        long? before = null,
        CancellationToken cancellationToken = default
    );

    /// <summary>One of them with its contents; null when it was released or discarded.</summary>
    /// <param name="id">Its <see cref="SidekiqOutboxFault.Id" />.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task<SidekiqOutboxMessage?> Find(long id, CancellationToken cancellationToken = default);

    /// <summary>Returns messages that were set aside to the outbox, with their message ids. Those that cannot be read stay.</summary>
    /// <param name="ids">Which. Default: all that are set aside now, a thousand per transaction.</param>
    /// <param name="cancellationToken">Cancels the call; what was released by then stays released.</param>
    /// <returns>How many were released.</returns>
    Task<int> Release(IReadOnlyCollection<long>? ids = null, CancellationToken cancellationToken = default);

    /// <summary>Permanently removes messages that were set aside.</summary>
    /// <param name="ids">Which. Default: all that are set aside now, a thousand per transaction.</param>
    /// <param name="cancellationToken">Cancels the call; what was removed by then stays removed.</param>
    /// <returns>How many were removed.</returns>
    Task<int> Discard(IReadOnlyCollection<long>? ids = null, CancellationToken cancellationToken = default);
}
