namespace MassTransit.Sidekiq.Tests.Server;

public sealed class ProcessIdentityTests
{
    [Fact]
    public void Process_is_named_by_its_host_its_number_and_six_bytes_that_nobody_had_before()
    {
        var names = Enumerable.Range(0, 1000).Select(_ => ProcessIdentity.New()).ToList();

        Assert.Equal(names.Count, names.Distinct(StringComparer.Ordinal).Count());
        Assert.All(
            names,
            name =>
            {
                Assert.StartsWith(
                    $"{Environment.MachineName}:{Environment.ProcessId}:",
                    name,
                    StringComparison.Ordinal
                );
                Assert.Matches(":[0-9a-f]{12}$", name);
            }
        );
    }

    // Both separate it from a queue in Redis.
    [Fact]
    public void Name_holds_no_bar_and_no_space() => Assert.DoesNotMatch(@"[|\s]", ProcessIdentity.New());
}
