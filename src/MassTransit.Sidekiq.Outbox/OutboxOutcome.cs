namespace MassTransit.Sidekiq;

/// What became of the messages of a batch: sent, unless it says otherwise.
internal sealed class OutboxOutcome
{
    readonly Dictionary<int, Exception> faults = [];
    readonly HashSet<int> left = [];

    public IReadOnlyCollection<Exception> Faults => faults.Values;

    /// Cancellations that met no job in Redis: it is done, or another host is just draining it.
    public IList<(int Message, Guid Token)> NotFound { get; } = [];

    /// The jobs that they became, where a ledger keeps them.
    public IList<(int Message, KeptJob Job)> Kept { get; } = [];

    /// Why some are left: they wait until what they go to is back.
    public Exception? Outage { get; private set; }

    public int LeftCount => left.Count;

    public bool IsLeft(int message) => left.Contains(message);

    public Exception? Fault(int message) => faults.GetValueOrDefault(message);

    /// Sending it again would fail again.
    public void SetAside(int message, Exception fault) => faults[message] = fault;

    public void Leave(int message, Exception? outage = null)
    {
        left.Add(message);
        Outage ??= outage;
    }
}
