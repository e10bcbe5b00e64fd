using MassTransit.Testing;

namespace MassTransit.Sidekiq;

// The running endpoints of a harness, by their queues.
internal sealed class TestEndpoints
{
    readonly Lock gate = new();
    readonly List<TestEndpoint> endpoints = [];

    // Without that of responses.
    public IReadOnlyList<string> Queues
    {
        get
        {
            lock (gate)
            {
                return
                [
                    .. endpoints
                        .Where(endpoint => !endpoint.IsOfResponses)
                        .SelectMany(endpoint => endpoint.Queues)
                        .Distinct(StringComparer.Ordinal),
                ];
            }
        }
    }

    public void Add(TestEndpoint endpoint)
    {
        lock (gate)
        {
            endpoints.Add(endpoint);
        }
    }

    public void Remove(TestEndpoint endpoint)
    {
        lock (gate)
        {
            endpoints.Remove(endpoint);
        }
    }

    public TestEndpoint? Find(string queue)
    {
        lock (gate)
        {
            return endpoints.Find(endpoint => endpoint.Takes(queue));
        }
    }

    public TestEndpoint Of(string queue) =>
        Find(queue)
        ?? throw new SidekiqTestException(
            Queues is [_, ..] queues
                ? $"No endpoint of this process takes jobs from queue '{queue}'. Its endpoints take them from: {string.Join(", ", queues)}."
                : $"No endpoint of this process takes jobs from queue '{queue}': none runs. Start the host, or the bus."
        );
}
