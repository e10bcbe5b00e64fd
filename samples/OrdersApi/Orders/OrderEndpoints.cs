using MassTransit;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace OrdersApi;

public sealed record NewOrder(
    string Customer,
    decimal Total,
    string Item = "tea",
    string Currency = "EUR",
    string? Reference = null
);

public sealed record OrderAccepted(Guid OrderId);

public sealed record OrderView(
    Guid OrderId,
    string State,
    string Customer,
    string Item,
    bool IsReserved,
    decimal Total,
    string Currency,
    string? Invoice
);

static class OrderEndpoints
{
    public static void MapOrders(this WebApplication app)
    {
        var orders = app.MapGroup("/orders").WithTags("Orders");
        orders.MapPost("/", Submit).WithSummary("Saves an order and publishes OrderSubmitted, in one transaction");
        orders.MapGet("/{id:guid}", Show).WithName("Order").WithSummary("Where an order stands");
        orders.MapPost("/{id:guid}/payment", Pay).WithSummary("Pays an order: it ships, if it has an invoice");
    }

    static async Task<Results<AcceptedAtRoute<OrderAccepted>, ValidationProblem, Conflict<string>>> Submit(
        NewOrder order,
        OrdersDb db,
        IPublishEndpoint bus,
        CancellationToken cancellationToken
    )
    {
        if (Faults(order) is { Count: > 0 } faults)
        {
            return TypedResults.ValidationProblem(faults);
        }

        var id = NewId.NextGuid();
        db.Add(
            new Order
            {
                Id = id,
                Reference = order.Reference,
                Customer = order.Customer,
                Item = order.Item,
                Total = order.Total,
                Currency = order.Currency,
            }
        );
        await bus.Publish(
            new OrderSubmitted(id, order.Customer, order.Item, order.Total, order.Currency),
            cancellationToken
        );

        try
        {
            // The order and its event, or neither.
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException) when (order.Reference is not null)
        {
            db.ChangeTracker.Clear();
            if (await db.Orders.AnyAsync(known => known.Reference == order.Reference, cancellationToken))
            {
                return TypedResults.Conflict($"Order '{order.Reference}' was taken before.");
            }

            throw;
        }

        return TypedResults.AcceptedAtRoute(new OrderAccepted(id), "Order", new { id });
    }

    static async Task<Results<Ok<OrderView>, NotFound>> Show(Guid id, OrdersDb db, CancellationToken cancellationToken)
    {
        var view = await (
            from order in db.Orders
            where order.Id == id
            join state in db.OrderStates on order.Id equals state.CorrelationId into states
            from state in states.DefaultIfEmpty()
            select new OrderView(
                order.Id,
                state == null ? "Accepted" : state.CurrentState,
                order.Customer,
                order.Item,
                order.IsReserved,
                order.Total,
                order.Currency,
                state == null ? null : state.Invoice
            )
        ).SingleOrDefaultAsync(cancellationToken);

        return view is null ? TypedResults.NotFound() : TypedResults.Ok(view);
    }

    static async Task<Results<Ok<PaymentAccepted>, Conflict<string>>> Pay(
        Guid id,
        IRequestClient<PayOrder> saga,
        CancellationToken cancellationToken
    )
    {
        var answer = await saga.GetResponse<PaymentAccepted, PaymentRefused>(new PayOrder(id), cancellationToken);

        return answer.Is(out Response<PaymentAccepted>? accepted) ? TypedResults.Ok(accepted.Message)
            : answer.Is(out Response<PaymentRefused>? refused) ? TypedResults.Conflict(refused.Message.Reason)
            : throw new InvalidOperationException("The saga gave an answer of another kind.");
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
