namespace MassTransit.Sidekiq.Tests.Configuration;

public sealed class RetryConfiguratorTests
{
    [Fact]
    public void Each_option_reaches_the_decision_alone()
    {
        Assert.Equal(new JobFailureOptions { Limit = 7 }, Options(retry => retry.Limit(7)));
        Assert.Equal(new JobFailureOptions { Limit = 0 }, Options(retry => retry.None()));
        Assert.Equal(new JobFailureOptions { Limit = int.MaxValue }, Options(retry => retry.Forever()));
        Assert.Equal(
            Job(new() { RetryFor = TimeSpan.FromHours(1) }),
            Options(retry => retry.RetryFor(TimeSpan.FromHours(1)))
        );
        Assert.Equal(Job(new() { RetryQueue = "low" }), Options(retry => retry.Queue("low")));
        Assert.Equal(Job(new() { Dead = false }), Options(retry => retry.Dead(false)));
        Assert.Equal(Job(new() { Dead = true }), Options(retry => retry.Dead(true)));
        Assert.Equal(Job(new() { Backtrace = 5 }), Options(retry => retry.Backtrace(5)));

        Func<int, Exception, SidekiqRetryIn> delay = (_, _) => SidekiqRetryIn.Kill;
        Assert.Equal(new JobFailureOptions { RetryIn = delay }, Options(retry => retry.RetryIn(delay)));
    }

    [Fact]
    public void Options_add_up_and_the_last_of_two_counts() =>
        Assert.Equal(
            new JobFailureOptions
            {
                Limit = 3,
                Job = new()
                {
                    Dead = false,
                    RetryQueue = "last",
                    Backtrace = true,
                },
            },
            Options(retry => retry.None().Queue("first").Dead(false).Limit(3).Queue("last").Backtrace(true))
        );

    [Fact]
    public void Nothing_configured_is_nothing_decided() => Assert.Same(JobFailureOptions.None, Options(_ => { }));

    [Fact]
    public void Two_configurations_share_nothing()
    {
        Options(retry => retry.Limit(7));

        Assert.Null(Options(retry => retry.Dead(true)).Limit);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(int.MaxValue)]
    public void Limit_is_any_number_from_none_on(int times) =>
        Assert.Equal(times, Options(retry => retry.Limit(times)).Limit);

    [Theory]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    public void Negative_limit_is_refused(int times) => Assert.Equal("times", Refused(retry => retry.Limit(times)));

    [Theory]
    [InlineData(1)]
    [InlineData(1_000_000_000L * TimeSpan.TicksPerSecond)]
    public void Window_is_any_time_that_Sidekiq_takes(long ticks) =>
        Assert.Equal(ticks, Options(retry => retry.RetryFor(TimeSpan.FromTicks(ticks))).Job.RetryFor!.Value.Ticks);

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData((1_000_000_000L * TimeSpan.TicksPerSecond) + 1)]
    public void Window_that_is_none_or_that_Sidekiq_refuses_is_refused(long ticks) =>
        Assert.Equal("window", Refused(retry => retry.RetryFor(TimeSpan.FromTicks(ticks))));

    [Theory]
    [InlineData("")]
    [InlineData("low prio")]
    [InlineData("a/b")]
    public void Queue_that_nobody_could_open_is_refused_with_the_way_out(string queue)
    {
        var fault = Assert.Throws<ArgumentException>(() => Options(retry => retry.Queue(queue)));

        Assert.Equal("queue", fault.ParamName);
        Assert.Contains("UseSidekiqRetry", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_in_the_place_of_something_is_refused()
    {
        Assert.Throws<ArgumentNullException>(() => Options(null!));
        Assert.Throws<ArgumentNullException>(() => Options(retry => retry.RetryIn(null!)));
        Assert.Throws<ArgumentNullException>(() => Options(retry => retry.Queue(null!)));
    }

    static JobFailureOptions Options(Action<ISidekiqRetryConfigurator> configure) =>
        RetryConfigurator.Options(configure);

    static JobFailureOptions Job(JobOptions job) => new() { Job = job };

    static string? Refused(Action<ISidekiqRetryConfigurator> configure) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Options(configure)).ParamName;
}
