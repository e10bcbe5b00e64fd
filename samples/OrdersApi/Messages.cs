using MassTransit;

namespace OrdersApi;

// Events and requests have the .NET name as their Ruby class, OrdersApi::OrderSubmitted; those that Ruby reads or writes
// spell their properties as Ruby does.

/// An order came in. The saga, the stock and the Ruby worker that subscribed get a copy each.
[SidekiqJob(Naming = SidekiqNaming.SnakeCase)]
public sealed record OrderSubmitted(Guid OrderId, string Customer, decimal Total, string Currency);

/// To Ruby, positional: `def perform(order_id, total, currency = "EUR")`.
[SidekiqJob("Billing::InvoiceWorker", Args = SidekiqArgs.Positional, Retry = 5)]
public sealed record MakeInvoice(Guid OrderId, decimal Total, string Currency = "EUR");

/// From Ruby: `OrdersApi::OrderInvoiced.perform_async("order_id" => …, "invoice" => …)`.
[SidekiqJob(Naming = SidekiqNaming.SnakeCase)]
public sealed record OrderInvoiced(Guid OrderId, string Invoice);

/// To Ruby, one hash: `def perform(notice)`.
[SidekiqJob("Shipping::NoticeWorker", Naming = SidekiqNaming.SnakeCase, Tags = ["mail"])]
public sealed record SendShippingNotice(Guid OrderId, string Customer, string Invoice);

public sealed record OrderPaid(Guid OrderId);

public sealed record PaymentTimedOut(Guid OrderId);

public sealed record GetOrder(Guid OrderId);

public sealed record OrderStatus(Guid OrderId, string State, string Customer, decimal Total, string? Invoice);

public sealed record OrderNotFound(Guid OrderId);
