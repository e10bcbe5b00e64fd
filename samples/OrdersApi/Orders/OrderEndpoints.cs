using MassTransit;
using Microsoft.AspNetCore.Http.HttpResults;

namespace OrdersApi;

public sealed record NewOrder(string Customer, decimal Total, string Currency = "EUR");

public sealed record OrderAccepted(Guid OrderId);

static class OrderEndpoints
{
    public static void MapOrders(this WebApplication app)
    {
        var orders = app.MapGroup("/orders");
        orders.MapPost("/", Submit);
        orders.MapGet("/{id:guid}", Show);
        orders.MapPost("/{id:guid}/payment", Pay);
    }

    static async Task<Results<Accepted<OrderAccepted>, ValidationProblem>> Submit(
        NewOrder order,
        IPublishEndpoint bus,
        CancellationToken cancellationToken
    )
    {
        if (Faults(order) is { Count: > 0 } faults)
        {
            return TypedResults.ValidationProblem(faults);
        }

        var id = NewId.NextGuid();
        await bus.Publish(new OrderSubmitted(id, order.Customer, order.Total, order.Currency), cancellationToken);

        return TypedResults.Accepted($"/orders/{id}", new OrderAccepted(id));
    }

    /// Asks the saga, which may run in another process.
    static async Task<Results<Ok<OrderStatus>, NotFound>> Show(
        Guid id,
        IRequestClient<GetOrder> orders,
        CancellationToken cancellationToken
    )
    {
        var answer = await orders.GetResponse<OrderStatus, OrderNotFound>(new GetOrder(id), cancellationToken);

        return answer.Is(out Response<OrderStatus>? status) ? TypedResults.Ok(status.Message) : TypedResults.NotFound();
    }

    static async Task<Accepted> Pay(Guid id, IPublishEndpoint bus, CancellationToken cancellationToken)
    {
        await bus.Publish(new OrderPaid(id), cancellationToken);

        return TypedResults.Accepted($"/orders/{id}");
    }

    static Dictionary<string, string[]> Faults(NewOrder order)
    {
        var faults = new Dictionary<string, string[]>(StringComparer.Ordinal);
        if (string.IsNullOrWhiteSpace(order.Customer))
        {
            faults["customer"] = ["Say who orders."];
        }

        if (order.Total <= 0)
        {
            faults["total"] = [$"{order.Total} is not more than 0."];
        }

        return faults;
    }
}
