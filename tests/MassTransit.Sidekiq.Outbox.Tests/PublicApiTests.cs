using System.Reflection;
using System.Text.RegularExpressions;

namespace MassTransit.Sidekiq.Outbox.Tests;

public class PublicApiTests
{
    [Fact]
    public void Public_surface_is_the_approved_one() =>
        Approved.Matches(
            PublicApi.Print(Assembly.Load("MassTransit.Sidekiq.Outbox")),
            "tests/MassTransit.Sidekiq.Outbox.Tests",
            "PublicApi"
        );

    [Theory]
    [InlineData(typeof(SidekiqOutboxOptions))]
    [InlineData(typeof(SidekiqLedgerOptions))]
    public void Each_option_is_explained(Type options)
    {
        const BindingFlags declared = BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        var page = File.ReadAllText(Repository.PathOf("docs/outbox.md"));

        Assert.Empty(
            options
                .GetMembers(declared)
                .Where(member => member is PropertyInfo or MethodInfo { IsSpecialName: false })
                .Select(member => member.Name)
                .Distinct()
                .Where(name => !Regex.IsMatch(page, $@"^\|.*`{name}[`(<].*\|$", RegexOptions.Multiline))
        );
    }

    [Fact]
    public void Defaults_are_those_of_the_page()
    {
        var (outbox, ledger) = (new SidekiqOutboxOptions(), new SidekiqLedgerOptions());
        var page = File.ReadAllText(Repository.PathOf("docs/outbox.md"));

        Assert.Contains($"| `BatchSize` | {outbox.BatchSize} |", page, StringComparison.Ordinal);
        Assert.Contains($"| `PollInterval` | {outbox.PollInterval.TotalSeconds} s |", page, StringComparison.Ordinal);
        Assert.Contains($"| `Listen` | {(outbox.Listen ? "on" : "off")} |", page, StringComparison.Ordinal);
        Assert.Contains(
            $"| `InboxRetention` | {outbox.InboxRetention.TotalDays} days |",
            page,
            StringComparison.Ordinal
        );
        Assert.Contains($"| `HealthyAge` | {outbox.HealthyAge.TotalMinutes} minute |", page, StringComparison.Ordinal);
        Assert.Contains($"`Grace` {ledger.Grace.TotalMinutes} minutes", page, StringComparison.Ordinal);
        Assert.Contains($"`KeepDead` {(ledger.KeepDead ? "on" : "off")}", page, StringComparison.Ordinal);
    }
}
