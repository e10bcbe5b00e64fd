using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace OrdersApi;

// The event's second subscriber, on a queue of its own. An item that is out of stock is a failed job: it waits in
// Sidekiq's retry set, is visible in its Web UI, and runs again.
public sealed class StockConsumer(OrdersDb db, ILogger<StockConsumer> logger) : IConsumer<OrderSubmitted>
{
    public async Task Consume(ConsumeContext<OrderSubmitted> context)
    {
        var (order, cancellationToken) = (context.Message, context.CancellationToken);

        var taken = await db
            .Stock.Where(stock => stock.Item == order.Item && stock.Available > 0)
            .ExecuteUpdateAsync(
                set => set.SetProperty(stock => stock.Available, stock => stock.Available - 1),
                cancellationToken
            );
        if (taken == 0)
        {
            throw new OutOfStockException(order.Item);
        }

        await db
            .Orders.Where(known => known.Id == order.OrderId)
            .ExecuteUpdateAsync(set => set.SetProperty(known => known.IsReserved, true), cancellationToken);

        logger.Reserved(order.OrderId, order.Item, context.GetJob().Jid);
    }
}

public sealed class OutOfStockException(string item) : Exception($"There is no {item} left.");

public sealed class StockConsumerDefinition : ConsumerDefinition<StockConsumer>
{
    readonly IOptions<OrdersOptions> options;

    public StockConsumerDefinition(IOptions<OrdersOptions> options)
    {
        this.options = options;
        EndpointName = "stock";
        ConcurrentMessageLimit = 4;
    }

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator,
        IConsumerConfigurator<StockConsumer> consumerConfigurator,
        IRegistrationContext context
    )
    {
        endpointConfigurator.UseSidekiqRetry(retry =>
            retry.RetryIn(
                (_, failure) => failure is OutOfStockException ? options.Value.RestockDelay : SidekiqRetryIn.Default
            )
        );

        // One item for one order, however often the job runs: it is taken in the transaction that records the message.
        endpointConfigurator.UseSidekiqOutbox<OrdersDb>(context);
    }
}
