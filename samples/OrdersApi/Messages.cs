using MassTransit;

namespace OrdersApi;

// Events and requests have the .NET name as their Ruby class, OrdersApi::OrderSubmitted; those that Ruby reads or writes
// use Ruby's property names.

// An order came in. The saga, the stock and the Ruby worker that subscribed get a copy each.
[SidekiqJob(Naming = SidekiqNaming.SnakeCase)]
public sealed record OrderSubmitted(Guid OrderId, string Customer, string Item, decimal Total, string Currency);

// To Ruby, positional: `def perform(order_id, total, currency = "EUR")`.
[SidekiqJob("Billing::InvoiceWorker", Args = SidekiqArgs.Positional, Retry = 5)]
public sealed record MakeInvoice(Guid OrderId, decimal Total, string Currency = "EUR");

// From Ruby: `OrdersApi::OrderInvoiced.perform_async("order_id" => …, "invoice" => …)`.
[SidekiqJob(Naming = SidekiqNaming.SnakeCase)]
public sealed record OrderInvoiced(Guid OrderId, string Invoice);

// To Ruby, one hash: `def perform(notice)`.
[SidekiqJob("Shipping::NoticeWorker", Naming = SidekiqNaming.SnakeCase, Tags = ["mail"])]
public sealed record SendShippingNotice(Guid OrderId, string Customer, string Invoice);

// A request: the API asks the saga, which may run in another process.
public sealed record PayOrder(Guid OrderId);

public sealed record PaymentAccepted(Guid OrderId);

public sealed record PaymentRefused(Guid OrderId, string Reason);

// The saga to itself, later.
public sealed record PaymentTimedOut(Guid OrderId);
