namespace MassTransit.Sidekiq.Tests.Loops;

public sealed class FleetTests
{
    static readonly TimeSpan second = TimeSpan.FromSeconds(1);
    static readonly TimeSpan tenth = TimeSpan.FromSeconds(0.1);

    readonly Fleet fleet = new(new Random(1));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(10)]
    public void Few_ask_as_often_as_one_that_is_alone(int processes)
    {
        fleet.Processes = processes;

        Assert.Equal(second, fleet.Pause(second, tenth));
    }

    [Theory]
    [InlineData(30, 3)]
    [InlineData(1000, 5)]
    public void Many_ask_together_as_often_as_ten_and_at_different_times(int processes, double seconds)
    {
        fleet.Processes = processes;
        var pauses = Enumerable.Range(0, 1000).Select(_ => fleet.Pause(second, tenth).TotalSeconds).ToList();

        Assert.InRange(pauses.Average(), seconds * 0.95, seconds * 1.05);
        Assert.InRange(pauses.Min(), seconds * 0.75, seconds * 0.8);
        Assert.InRange(pauses.Max(), seconds * 1.2, seconds * 1.25);
    }

    [Fact]
    public void Only_one_that_is_alone_may_ask_without_a_pause()
    {
        Assert.Equal(TimeSpan.Zero, fleet.Least(tenth));
        fleet.Processes = 4;
        Assert.Equal(3 * tenth, fleet.Least(tenth));
        fleet.Processes = 1000;
        Assert.Equal(TimeSpan.FromSeconds(5), fleet.Least(tenth));
    }
}
