using System.Text;
using MassTransit.Serialization;

namespace MassTransit.Sidekiq.Tests.Receiving;

// An endpoint of queue `orders` as it is configured, in a process that does nothing by itself: no loop runs, and Redis is asked
// only what a test asks it.
sealed class ConsumingEndpoint : IAsyncDisposable
{
    public const string Queue = "orders";

    readonly JobsInHand inHand;

    public ConsumingEndpoint(
        string url = "redis://127.0.0.1:1",
        Action<ISidekiqReceiveEndpointConfigurator>? configure = null
    )
    {
        var bus = new SidekiqBusConfiguration();
        _ = new SidekiqBusFactoryConfigurator(bus);
        bus.Host.Settings.Apply(url);
        bus.Host.Runtime.Clock = Clock;
        Runtime = bus.Host.Runtime;
        inHand = new JobsInHand(queues: 1, Clock, new WakeUp());
        Context = (SidekiqReceiveEndpointContext)
            bus.Host.CreateSidekiqEndpoint(Queue, configure).CreateReceiveEndpointContext();
    }

    public FakeClock Clock { get; } = new();

    public BusRuntime Runtime { get; }

    public SidekiqReceiveEndpointContext Context { get; }

    public SidekiqProcess Process => Runtime.Process;

    // What is done and waits for the next claim to say so.
    public IEnumerable<long> Acknowledged => inHand.Unacknowledged().Select(job => job.Number);

    public JobSteps Steps(CancellationToken stopping = default) => new(Process, inHand, Clock, stopping);

    // Claims the one job of the queue, with the lease that this takes.
    public async Task<ClaimedJob> Claim()
    {
        Process.Stores.Leases.Own(Queue);
        await Process.Stores.Leases.Renew(TimeSpan.FromMinutes(1));
        var claimed = await Process.Stores.Claims.Claim(
            new ClaimRequest
            {
                Queues = [Queue],
                Order = new[] { 0 },
                Count = 1,
                FirstNumber = Process.Stores.Claims.Reserve(1),
                Acknowledged = [Array.Empty<long>()],
            }
        );
        return Assert.Single(claimed.Jobs);
    }

    // A job as its consumer would see it.
    public ConsumeContext Consume(string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        var settlement = new JobSettlement(Context, Steps(), new ClaimedJob(0, 1, bytes));
        var received = new JobReceiveContext(Context, SidekiqJob.Parse(bytes, Queue), settlement);
        var headers = new JobMessageContext(
            received.TransportHeaders,
            Context.InputAddress,
            RawSerializerOptions.Default
        );
        return new BodyConsumeContext(
            received,
            new SidekiqSerializerContext(
                "{}"u8.ToArray(),
                JobContentType.Of(SidekiqNaming.CamelCase),
                JobBody.Create(SidekiqNaming.CamelCase),
                headers,
                [],
                RawSerializerOptions.Default
            )
        );
    }

    public async ValueTask DisposeAsync()
    {
        if (Runtime.EndProcess() is { } process)
        {
            await process.Stop("the end of the test").InTime();
        }

        inHand.Dispose();
    }
}
