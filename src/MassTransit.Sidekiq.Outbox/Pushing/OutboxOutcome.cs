namespace MassTransit.Sidekiq;

// The outcome of a batch's messages: sent, unless recorded otherwise. First as planned, then as it happened.
internal sealed class OutboxOutcome
{
    readonly Dictionary<int, Exception> faults = [];
    readonly HashSet<int> left = [];
    readonly List<(int Message, KeptJob Job)> kept = [];

    public IReadOnlyDictionary<int, Exception> Faults => faults;

    // Cancellations that found no job in Redis: it is done, or another host is just draining it.
    public IList<(int Message, Guid Token)> NotFound { get; } = [];

    // The jobs for queues that they become, where a ledger keeps them.
    public IList<(int Message, KeptJob Job)> Kept => kept;

    // The same for published messages: only Redis knows the copies, once it has made them.
    public IList<(int Message, KeptJob Job)> Copies { get; } = [];

    // Topics without any subscriber, of messages whose type is not known here.
    public ISet<string> Unheard { get; } = new HashSet<string>(StringComparer.Ordinal);

    // Sent, but not confirmed by as many replicas as were asked for.
    public Exception? Unconfirmed { get; private set; }

    // Why some are left: they wait until their destination is available.
    public Exception? Outage { get; private set; }

    public int LeftCount => left.Count;

    // Whether a ledger has to record copies.
    public bool Publishes { get; set; }

    // Whether nothing has changed since the plan was made.
    public bool IsAsPlanned { get; private set; }

    public bool IsLeft(int message) => left.Contains(message);

    public Exception? Fault(int message) => faults.GetValueOrDefault(message);

    public void Planned() => IsAsPlanned = true;

    // Sending it again would fail again.
    public void SetAside(int message, Exception fault) => (faults[message], IsAsPlanned) = (fault, false);

    public void Leave(int message, Exception? outage = null)
    {
        left.Add(message);
        (Outage, IsAsPlanned) = (Outage ?? outage, false);
    }

    // It became no job, since another one is unique: done, and nothing for a ledger to keep.
    public void Drop(int message) => IsAsPlanned &= kept.RemoveAll(job => job.Message == message) == 0;

    public void Unconfirm(Exception fault) => Unconfirmed ??= fault;
}
