using MassTransit;

namespace Shop;

public sealed record OrderSubmitted(
    long Number,
    decimal Total,
    double Rate,
    string Customer,
    string? Note,
    bool IsPaid,
    OrderLine[] Lines,
    IReadOnlyDictionary<string, string> Labels
)
{
    public static OrderSubmitted Any =>
        new(
            9_223_372_036_854_775_807,
            12.50m,
            1,
            "Ünï 😀 \"quoted\"\\\n\u2028</script>",
            null,
            true,
            [new OrderLine("a-1", 2), new OrderLine("b/2", -3)],
            new Dictionary<string, string>(StringComparer.Ordinal) { ["größe"] = "XL" }
        );
}

public sealed record OrderLine(string Sku, int Count);

[SidekiqJob("Shop::MakeInvoice", Queue = "billing", Args = SidekiqArgs.Positional)]
public sealed record MakeInvoice(Guid OrderId, decimal Total, OrderLine[] Lines, string? Note, string Currency = "EUR");

[SidekiqJob("Shop::Report", Queue = "default", Args = SidekiqArgs.ActiveJob)]
public sealed record Report(int Year, string Format);

public sealed record OrderPaid(int OrderId, string? By = null);

[SidekiqJob("Shop::FailingJob", Retry = 3, Backtrace = 5, Tags = ["alpha", "bêta"])]
public sealed record FailingJob(string Text);

[SidekiqJob("Shop::DeadJob", Retry = 0)]
public sealed record DeadJob(string Text);

public interface IParcelEvent
{
    int Number { get; }
}

public sealed record ParcelSent(int Number, string Text) : IParcelEvent;

[SidekiqJob("Shop::AcceptPayment", Retry = 0)]
public sealed record AcceptPayment(int Number, int Amount);

public sealed record PaymentAccepted(int Number, string By);

public sealed record SyncOrder(int Number, decimal Rate, string Text);
