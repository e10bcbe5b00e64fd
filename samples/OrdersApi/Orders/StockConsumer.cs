using MassTransit;

namespace OrdersApi;

/// The second subscriber of the event, on a queue of its own.
public sealed class StockConsumer(ILogger<StockConsumer> logger) : IConsumer<OrderSubmitted>
{
    public Task Consume(ConsumeContext<OrderSubmitted> context)
    {
        logger.Reserved(context.Message.OrderId, context.GetJob().Jid);
        return Task.CompletedTask;
    }
}

public sealed class StockConsumerDefinition : ConsumerDefinition<StockConsumer>
{
    public StockConsumerDefinition()
    {
        EndpointName = "stock";
        ConcurrentMessageLimit = 4;
    }
}
