namespace MassTransit.Sidekiq.Tests.Jobs;

public sealed class LimitDefinitionTests
{
    [Theory]
    [InlineData("", SidekiqLimitKind.Concurrent, 1, 0, "1 to 100 letters")]
    [InlineData("a:b", SidekiqLimitKind.Concurrent, 1, 0, "1 to 100 letters")]
    [InlineData("a", SidekiqLimitKind.Concurrent, 0, 0, "at least 1")]
    [InlineData("a", SidekiqLimitKind.Concurrent, 10_001, 0, "at most 10000")]
    [InlineData("a", SidekiqLimitKind.Window, 10_001, 3600, "Use a bucket")]
    [InlineData("a", SidekiqLimitKind.Window, 1, 0.5, "at least 1 s. Use a bucket")]
    [InlineData("a", SidekiqLimitKind.Bucket, 1, 0.05, "100 ms to 366 days")]
    [InlineData("a", SidekiqLimitKind.Bucket, 1, 40_000_000, "100 ms to 366 days")]
    [InlineData("a", SidekiqLimitKind.Bucket, 1_000_001, 1, "one in a microsecond")]
    public void Definition_out_of_bounds_says_which(
        string name,
        SidekiqLimitKind kind,
        long most,
        double seconds,
        string fault
    ) =>
        Assert.Contains(
            fault,
            new LimitDefinition(name, kind, most, TimeSpan.FromSeconds(seconds)).Fault,
            StringComparison.Ordinal
        );

    [Fact]
    public void Definition_is_read_as_it_was_written()
    {
        var limit = new LimitDefinition("api.v1_x-y", SidekiqLimitKind.Window, 10_000, TimeSpan.FromDays(1));

        Assert.Null(limit.Fault);
        Assert.Equal("window 10000 86400000000", limit.Text);
        Assert.Equal(limit, LimitDefinition.Parse("api.v1_x-y", limit.Text + " 1790000000"));
        Assert.Null(LimitDefinition.Parse("a", "spiral 1 2 3"));
    }

    [Fact]
    public void Long_key_is_stored_as_its_hash()
    {
        var limit = new LimitDefinition("a", SidekiqLimitKind.Concurrent, 1, TimeSpan.Zero);

        Assert.Equal("a:tenant 7", LimitUse.Of(limit, "tenant 7").Id);
        Assert.Matches("^a:sha256-[0-9a-f]{64}$", LimitUse.Of(limit, new string('ä', 101)).Id);
    }
}
