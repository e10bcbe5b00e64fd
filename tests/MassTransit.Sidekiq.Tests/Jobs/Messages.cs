using System.Text.Json.Serialization;

namespace MassTransit.Sidekiq.Tests.Jobs;

public record SubmitOrder(int OrderId, string? Customer = null);

[SidekiqJob("Billing::InvoiceWorker", Queue = "billing", Retry = 5, Args = SidekiqArgs.Positional)]
public record MakeInvoice(Guid OrderId, decimal Total, string Currency = "EUR");

[SidekiqJob(
    "Reports::Nightly",
    Queue = "low",
    Args = SidekiqArgs.ActiveJob,
    Retry = false,
    Backtrace = 10,
    Dead = false,
    RetryFor = 3600,
    RetryQueue = "slow",
    Tags = ["reports"],
    ExpiresIn = 600,
    Aliases = ["NightlyReport"]
)]
public record NightlyReport(int ForYear, string[] SendTo);

[SidekiqJob(Args = SidekiqArgs.Positional, Naming = SidekiqNaming.SnakeCase)]
public class MoveStock
{
    [SidekiqArg(1)]
    public int FromShelf { get; set; }

    [SidekiqArg(0)]
    public string? ItemName { get; set; }

    [SidekiqArg(2)]
    public required bool IsUrgent { get; set; }

    [JsonIgnore]
    public string? Note { get; set; }

    public string Label => $"{ItemName}@{FromShelf}";
}

[SidekiqJob(Args = SidekiqArgs.Positional)]
public record Renumber([SidekiqArg(1)] int First, [SidekiqArg(0)] int Second);

[SidekiqJob(Args = SidekiqArgs.Positional)]
public interface IReserveSeat : IHaveFlight
{
    int Row { get; }

    string Seat { get; }
}

public interface IHaveFlight
{
    string Flight { get; }
}

public record Everything(
    string Text,
    double Number,
    float Ratio,
    decimal Amount,
    DateTimeOffset At,
    DateTime On,
    Guid Id,
    DayOfWeek Day,
    IReadOnlyList<double> Numbers,
    IReadOnlyDictionary<string, decimal> Prices,
    decimal? Rebate
);

public record Empty;
