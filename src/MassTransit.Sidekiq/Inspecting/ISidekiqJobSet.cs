namespace MassTransit;

/// <summary>A sorted set of jobs: retries, scheduled, or dead.</summary>
public interface ISidekiqJobSet
{
    /// <summary>The number of entries.</summary>
    Task<long> Count(CancellationToken cancellationToken = default);

    /// <summary>
    /// The number of entries whose time is before another: with the current time those that are due, of which any that stay for
    /// longer than a minute have no process that moves them. Redis counts without reading them.
    /// </summary>
    Task<long> Count(DateTimeOffset before, CancellationToken cancellationToken = default);

    /// <summary>
    /// The entries by their time, read a hundred at a time. Whatever is added or removed meanwhile, each entry that stays is
    /// returned once.
    /// </summary>
    /// <param name="from">The time to start from. Default: the beginning.</param>
    /// <param name="newestFirst">Backwards, from the latest time, or from <paramref name="from" />. Default: false.</param>
    /// <param name="cancellationToken">Cancels the enumeration.</param>
    IAsyncEnumerable<SidekiqEntry> Entries(
        DateTimeOffset? from = null,
        bool newestFirst = false,
        CancellationToken cancellationToken = default
    );

    /// <summary>The entry of a job id, or null. Redis scans the set in small steps, which is slow on a large one.</summary>
    Task<SidekiqEntry?> Find(string jid, CancellationToken cancellationToken = default);

    /// <summary>
    /// The entries by class and error, the largest group first: what failed, since when, how often. It reads at most
    /// <paramref name="most" /> entries, the newest ones; <see cref="SidekiqGroups.IsComplete" /> is true if there were no more.
    /// </summary>
    /// <param name="most">How many entries to read at most. Ten thousand take some tenths of a second. Default: 1,000.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task<SidekiqGroups> Groups(int most = 1000, CancellationToken cancellationToken = default);

    /// <summary>
    /// Moves a job to its queue now: "retry now" of the Web UI, "add to queue" for a scheduled one. As there, it does not count
    /// as a retry. False when the job has left the set.
    /// </summary>
    /// <exception cref="ArgumentException">The entry is not a job; it can be deleted or killed.</exception>
    Task<bool> Retry(SidekiqEntry entry, CancellationToken cancellationToken = default);

    /// <summary>
    /// As <see cref="Retry" />, with other arguments: for a job that failed with wrong ones. It keeps its jid, and every other key.
    /// Where this process knows the message type of its class, the arguments must fit that; otherwise only their JSON is checked
    /// (see <see cref="ISidekiqInspector.ArgsCheck" />). False when the job has left the set, or was changed since it was read.
    /// </summary>
    /// <param name="entry">The job, as it was read.</param>
    /// <param name="args">All arguments, a JSON array of at most 99 levels, as in <see cref="SidekiqJob.Args" />.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ArgumentException">
    /// The arguments are not a JSON array or do not fit the message, which the message of the exception explains; or the entry is not a
    /// job, or is encrypted.
    /// </exception>
    Task<bool> RetryWith(SidekiqEntry entry, string args, CancellationToken cancellationToken = default);

    /// <summary>
    /// As <see cref="Retry" />, on another queue. False when the job has left the set, or was changed since it was read. If it fails
    /// again, it is retried there, unless it has a <c>retry_queue</c>.
    /// </summary>
    /// <exception cref="ArgumentException">The entry is not a job, or the queue has no valid name or is temporary.</exception>
    Task<bool> RetryOn(SidekiqEntry entry, string queue, CancellationToken cancellationToken = default);

    /// <summary>
    /// Changes the queue of a job that stays in the set: it goes to the other one when its time comes. False when it has left the set,
    /// or was changed since it was read. The token of a scheduled message still cancels it.
    /// </summary>
    /// <exception cref="ArgumentException">As for <see cref="RetryOn" />.</exception>
    Task<bool> Move(SidekiqEntry entry, string queue, CancellationToken cancellationToken = default);

    /// <summary>Moves a job to the dead set, and calls the handlers of <c>OnJobDeath</c>. False when it has left the set.</summary>
    Task<bool> Kill(SidekiqEntry entry, CancellationToken cancellationToken = default);

    /// <summary>Removes a job. False when it has left the set.</summary>
    Task<bool> Delete(SidekiqEntry entry, CancellationToken cancellationToken = default);

    /// <summary>
    /// Moves a job to another time. False when it has left the set. A rescheduled message can no longer be cancelled by its
    /// token.
    /// </summary>
    Task<bool> Reschedule(SidekiqEntry entry, DateTimeOffset at, CancellationToken cancellationToken = default);

    /// <summary>Moves every job that is in the set now to its queue, a hundred per step. Entries that are not jobs stay. Returns how many were moved.</summary>
    Task<long> RetryAll(CancellationToken cancellationToken = default);

    /// <summary>Moves every entry that is in the set now to the dead set. As in Ruby, death handlers are not called. Returns how many were moved.</summary>
    Task<long> KillAll(CancellationToken cancellationToken = default);

    /// <summary>As <see cref="RetryAll(CancellationToken)" />, for the selected entries, such as a group.</summary>
    Task<long> RetryAll(Func<SidekiqEntry, bool> which, CancellationToken cancellationToken = default);

    /// <summary>As <see cref="KillAll(CancellationToken)" />, for the selected entries.</summary>
    Task<long> KillAll(Func<SidekiqEntry, bool> which, CancellationToken cancellationToken = default);

    /// <summary>As <see cref="RetryOn" />, for the selected jobs among those that are in the set now. Returns how many were moved.</summary>
    /// <exception cref="ArgumentException">The queue has no valid name or is temporary.</exception>
    Task<long> RetryAllOn(string queue, Func<SidekiqEntry, bool> which, CancellationToken cancellationToken = default);

    /// <summary>
    /// As <see cref="Move" />, for the selected jobs among those that are in the set now. Returns how many were changed. Those that
    /// go to this queue already are left out, and so is one that would become equal to another of the set.
    /// </summary>
    /// <exception cref="ArgumentException">The queue has no valid name or is temporary.</exception>
    Task<long> MoveAll(string queue, Func<SidekiqEntry, bool> which, CancellationToken cancellationToken = default);

    /// <summary>As <see cref="Reschedule" />, for the selected entries among those that are in the set now. Returns how many were moved.</summary>
    Task<long> RescheduleAll(
        DateTimeOffset at,
        Func<SidekiqEntry, bool> which,
        CancellationToken cancellationToken = default
    );

    /// <summary>Removes the selected entries among those that are in the set now. Returns how many there were.</summary>
    Task<long> DeleteAll(Func<SidekiqEntry, bool> which, CancellationToken cancellationToken = default);

    /// <summary>Removes all entries. Returns how many there were.</summary>
    Task<long> Clear(CancellationToken cancellationToken = default);
}
