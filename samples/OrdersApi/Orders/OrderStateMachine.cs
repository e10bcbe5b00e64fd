using MassTransit;
using Microsoft.Extensions.Options;

namespace OrdersApi;

// An order's life: submitted, invoiced by Ruby, then paid and shipped, or not paid in time and cancelled.
public sealed class OrderStateMachine : MassTransitStateMachine<OrderState>
{
    public OrderStateMachine(IOptions<OrdersOptions> options, ILogger<OrderStateMachine> logger)
    {
        InstanceState(order => order.CurrentState);

        Correlate(options.Value.PaymentTimeout);

        Initially(
            When(OrderSubmitted)
                .Then(x => x.Saga.Customer = x.Message.Customer)
                .Then(x => logger.Submitted(x.Message.OrderId, x.Message.Customer))
                .Send(
                    new Uri("queue:billing"),
                    x => new MakeInvoice(x.Message.OrderId, x.Message.Total, x.Message.Currency)
                )
                .TransitionTo(Submitted)
        );

        During(
            Submitted,
            When(OrderInvoiced)
                .Then(x => x.Saga.Invoice = x.Message.Invoice)
                .Then(x => logger.Invoiced(x.Message.OrderId, x.Message.Invoice))
                .Schedule(PaymentTimeout, x => new PaymentTimedOut(x.Message.OrderId))
                .TransitionTo(Invoiced),
            When(PaymentRequested).Respond(x => new PaymentRefused(x.Message.OrderId, "It has no invoice yet."))
        );

        During(
            Invoiced,
            When(PaymentRequested)
                .Unschedule(PaymentTimeout)
                .Then(x => logger.Shipped(x.Message.OrderId))
                .Send(
                    new Uri("queue:shipping"),
                    x => new SendShippingNotice(x.Message.OrderId, x.Saga.Customer, x.Saga.Invoice!)
                )
                .Respond(x => new PaymentAccepted(x.Message.OrderId))
                .TransitionTo(Shipped),
            When(PaymentTimeout.Received).Then(x => logger.Cancelled(x.Message.OrderId)).TransitionTo(Cancelled)
        );

        During(Shipped, When(PaymentRequested).Respond(x => new PaymentAccepted(x.Message.OrderId)));
        During(
            Cancelled,
            When(PaymentRequested).Respond(x => new PaymentRefused(x.Message.OrderId, "It was not paid in time."))
        );

        // A repeated event changes nothing: Ruby may make an invoice twice.
        During([Submitted, Invoiced, Shipped, Cancelled], Ignore(OrderSubmitted));
        During([Invoiced, Shipped, Cancelled], Ignore(OrderInvoiced));
        During([Shipped, Cancelled], Ignore(PaymentTimeout.Received));
    }

    public State Submitted { get; } = null!;
    public State Invoiced { get; } = null!;
    public State Shipped { get; } = null!;
    public State Cancelled { get; } = null!;

    public Event<OrderSubmitted> OrderSubmitted { get; } = null!;
    public Event<OrderInvoiced> OrderInvoiced { get; } = null!;
    public Event<PayOrder> PaymentRequested { get; } = null!;
    public Schedule<OrderState, PaymentTimedOut> PaymentTimeout { get; } = null!;

    void Correlate(TimeSpan paymentTimeout)
    {
        Event(() => OrderSubmitted, e => e.CorrelateById(x => x.Message.OrderId));
        Event(() => OrderInvoiced, e => e.CorrelateById(x => x.Message.OrderId));
        Event(
            () => PaymentRequested,
            e =>
            {
                e.CorrelateById(x => x.Message.OrderId);
                e.OnMissingInstance(m =>
                    m.ExecuteAsync(x =>
                        x.RespondAsync(new PaymentRefused(x.Message.OrderId, "There is no such order here yet."))
                    )
                );
            }
        );
        Schedule(
            () => PaymentTimeout,
            order => order.PaymentTimeoutToken,
            s =>
            {
                s.Delay = paymentTimeout;
                s.Received = e => e.CorrelateById(x => x.Message.OrderId);
            }
        );
    }
}
