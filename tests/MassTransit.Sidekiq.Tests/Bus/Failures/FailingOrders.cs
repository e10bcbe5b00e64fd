namespace MassTransit.Sidekiq.Tests;

/// <summary>An endpoint whose consumer fails, beside one that sees the faults.</summary>
static class FailingOrders
{
    public static Task<TestBus> Start(
        RedisDatabase redis,
        ITestOutputHelper output,
        Seen<Received<Fault<SubmitOrder>>> faults,
        Action<ISidekiqReceiveEndpointConfigurator> configure,
        MessageHandler<SubmitOrder> handler
    ) =>
        TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                    {
                        configure(e);
                        e.Handler(handler);
                    }
                );
                cfg.ReceiveEndpoint("faults", e => e.Note(faults));
            }
        );

    /// <summary>Notes the retry count of each attempt, and fails.</summary>
    public static MessageHandler<SubmitOrder> Handler(Seen<int?> runs) =>
        context =>
        {
            runs.Add(context.GetJob().RetryCount);
            throw new InvalidOperationException("no");
        };
}
