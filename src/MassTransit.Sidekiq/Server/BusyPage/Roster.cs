namespace MassTransit.Sidekiq;

// The endpoints of a process that take jobs now. Temporary ones hold answers, which are nobody's business, and are left out.
internal sealed class Roster
{
    readonly Lock gate = new();
    volatile EndpointWork[] endpoints = [];

    // An endpoint came or went. Handlers return at once.
    public event EventHandler? Changed;

    public IReadOnlyList<EndpointWork> Endpoints => endpoints;

    public int Busy => endpoints.Sum(endpoint => endpoint.Busy);

    // Until the listing is disposed.
    public IDisposable Add(EndpointWork endpoint)
    {
        Change(listed => [.. listed, endpoint]);
        return new Listing(() => Change(listed => [.. listed.Where(other => other != endpoint)]));
    }

    void Change(Func<EndpointWork[], EndpointWork[]> change)
    {
        lock (gate)
        {
            // In one order, whichever came first.
            endpoints = [.. change(endpoints).OrderBy(endpoint => endpoint.Name, StringComparer.Ordinal)];
        }

        Changed?.Invoke(this, EventArgs.Empty);
    }

    sealed class Listing(Action remove) : IDisposable
    {
        public void Dispose() => remove();
    }
}
