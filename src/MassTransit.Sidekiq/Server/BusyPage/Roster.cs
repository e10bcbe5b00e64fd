namespace MassTransit.Sidekiq;

// The endpoints of a process that take jobs now. Temporary ones, which receive responses, are not listed.
internal sealed class Roster
{
    static readonly TimeSpan whatIsLong = TimeSpan.FromSeconds(0.8);

    readonly Lock gate = new();
    volatile EndpointWork[] endpoints = [];
    volatile bool isResting;

    // Raised when an endpoint starts or stops. Handlers return at once.
    public event EventHandler? Changed;

    // Raised when a job starts after `Rests` was true. Handlers return at once.
    public event EventHandler? Woken;

    public IReadOnlyList<EndpointWork> Endpoints => endpoints;

    // A loop that looks once a second at what has run for a while asks nothing about short jobs.
    public IEnumerable<RunningJob> RunningForLong =>
        endpoints.SelectMany(endpoint => endpoint.Running).Where(running => running.Elapsed >= whatIsLong);

    public int Busy => endpoints.Sum(endpoint => endpoint.Busy);

    // Whether no job runs. `Woken` tells when one starts.
    public bool Rests()
    {
        isResting = true;
        // A worker records its job before it looks whether we rest, so that one of the two sees the other.
        Interlocked.MemoryBarrier();
        return isResting = Busy == 0;
    }

    // Until the listing is disposed.
    public IDisposable Add(EndpointWork endpoint)
    {
        endpoint.Began = Began;
        Change(listed => [.. listed, endpoint]);
        return new Listing(() => Change(listed => [.. listed.Where(other => other != endpoint)]));
    }

    void Began()
    {
        Interlocked.MemoryBarrier();
        if (isResting)
        {
            isResting = false;
            Woken?.Invoke(this, EventArgs.Empty);
        }
    }

    void Change(Func<EndpointWork[], EndpointWork[]> change)
    {
        lock (gate)
        {
            // Sorted, so that the order does not depend on which started first.
            endpoints = [.. change(endpoints).OrderBy(endpoint => endpoint.Name, StringComparer.Ordinal)];
        }

        Changed?.Invoke(this, EventArgs.Empty);
    }

    sealed class Listing(Action remove) : IDisposable
    {
        public void Dispose() => remove();
    }
}
