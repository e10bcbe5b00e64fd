namespace MassTransit.Sidekiq.Outbox.Tests.Contracts;

public interface IOrderEvent
{
    Guid OrderId { get; }
}

public sealed record OrderSubmitted(Guid OrderId, string Customer) : IOrderEvent;

public sealed record ShipOrder(Guid OrderId, int Step);

[SidekiqJob("Billing::InvoiceWorker", Queue = "billing", Args = SidekiqArgs.Positional)]
public sealed record MakeInvoice(Guid OrderId, decimal Total, string Currency = "EUR");

[SidekiqJob(ExpiresIn = 3600)]
public sealed record QuotePrice(Guid OrderId);

[SidekiqJob(UniqueFor = 600)]
public sealed record SyncStock(Guid OrderId);

public sealed record PayCard(int Id, string Card);
