using System.Text;

namespace MassTransit.Sidekiq.Tests.Jobs;

public class SidekiqJobExpiryTests
{
    [Theory]
    [InlineData("60", 60.0)]
    [InlineData("0.5", 0.5)]
    [InlineData("\"3600\"", 3600.0)]
    [InlineData("\"soon\"", null)]
    [InlineData("\"\"", null)]
    [InlineData("0", null)]
    [InlineData("-1", null)]
    [InlineData("1e300", null)]
    [InlineData("true", null)]
    [InlineData("null", null)]
    public void Life_is_a_number_of_seconds_or_the_string_of_one(string written, double? seconds) =>
        Assert.Equal(
            seconds is { } known ? TimeSpan.FromSeconds(known) : null,
            Parse($"{{\"expires_in\":{written}}}").ExpiresIn
        );

    [Theory]
    [InlineData("\"created_at\":1000", 1060)]
    [InlineData("\"created_at\":1000,\"enqueued_at\":1000", 1060)]
    // Scheduled: it was pushed when it was due.
    [InlineData("\"created_at\":1000,\"enqueued_at\":5000", 5060)]
    // It failed, and each retry is pushed anew.
    [InlineData("\"created_at\":1000,\"enqueued_at\":5000,\"failed_at\":1010", 1060)]
    // Scheduled, and failed: when it first failed it had not expired.
    [InlineData("\"created_at\":1000,\"enqueued_at\":9000,\"failed_at\":5010", 5070)]
    // What it says itself counts.
    [InlineData("\"created_at\":1000,\"mt\":{\"exp\":2000.0}", 2000)]
    [InlineData("\"retry\":true", null)]
    [InlineData("\"created_at\":253402300790000", null)]
    public void Job_expires_so_long_after_it_was_created_or_due(string times, int? expires) =>
        Assert.Equal(
            expires is { } seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null,
            Parse($"{{\"expires_in\":60,{times}}}").ExpiresAt
        );

    static SidekiqJob Parse(string json) => SidekiqJob.Parse(Encoding.UTF8.GetBytes(json), "orders");
}
