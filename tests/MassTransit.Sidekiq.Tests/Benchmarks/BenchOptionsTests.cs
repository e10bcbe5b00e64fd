using MassTransit.Sidekiq.Benchmarks;

namespace MassTransit.Sidekiq.Tests.Benchmarks;

public class BenchOptionsTests
{
    [Fact]
    public void Nothing_typed_runs_all_at_full_length_without_peers()
    {
        var options = BenchOptions.Parse([]);

        Assert.Equal((false, false, false), (options.Quick, options.Verbose, options.Keep));
        Assert.Empty(options.Only);
        Assert.Empty(options.Peers);
    }

    [Fact]
    public void Peers_are_those_named_each_once()
    {
        Assert.Equal(["hangfire"], BenchOptions.Parse(["--peers=hangfire"]).Peers);
        Assert.Equal(["rabbitmq", "hangfire"], BenchOptions.Parse(["--peers=rabbitmq,hangfire,rabbitmq"]).Peers);
    }

    [Fact]
    public void Benchmarks_are_named_with_or_without_an_option()
    {
        var options = BenchOptions.Parse(["bulk", "--quick", "--only=consume,idle", "--verbose"]);

        Assert.Equal(["bulk", "consume", "idle"], options.Only);
        Assert.Equal((true, true), (options.Quick, options.Verbose));
    }

    [Fact]
    public void Unknown_peer_is_refused_with_those_that_there_are() =>
        Assert.Equal(
            "There is no peer 'kafka'. There are rabbitmq and hangfire.",
            Assert.Throws<FormatException>(() => BenchOptions.Parse(["--peers=rabbitmq,kafka"])).Message
        );

    [Theory]
    [InlineData("--fast")]
    [InlineData("--peers")]
    [InlineData("--quick=yes")]
    public void Unknown_option_is_refused_with_those_that_there_are(string option)
    {
        var refused = Assert.Throws<FormatException>(() => BenchOptions.Parse([option]));

        Assert.StartsWith(
            $"There is no option '{option}'. There are --quick, --keep,",
            refused.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Only_a_quick_run_is_kept()
    {
        Assert.True(BenchOptions.Parse(["--keep", "--quick"]).Keep);
        var refused = Assert.Throws<FormatException>(() => BenchOptions.Parse(["--keep"]));
        Assert.StartsWith("--keep needs --quick:", refused.Message, StringComparison.Ordinal);
    }
}
