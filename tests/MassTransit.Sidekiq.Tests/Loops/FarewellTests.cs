using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests.Loops;

public sealed class FarewellTests
{
    readonly ListLogger log = new();

    [Fact]
    public async Task Step_that_succeeds_is_not_told()
    {
        var isDone = false;

        await Farewell()
            .Try(
                "leave",
                () =>
                {
                    isDone = true;
                    return Task.CompletedTask;
                }
            );

        Assert.True(isDone);
        Assert.Empty(log.Lines);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Refusal_of_a_step_is_told_with_its_consequence_and_does_not_stop_the_next(bool isAtOnce)
    {
        var farewell = Farewell();
        var isDone = false;

        await farewell.Try("leave", () => isAtOnce ? throw Refusal() : Task.FromException(Refusal()));
        await farewell.Try(
            "give back the lease",
            () =>
            {
                isDone = true;
                return Task.CompletedTask;
            }
        );

        Assert.True(isDone);
        Assert.Equal(["Could not leave at stop: it is seen for a minute more"], log.Lines);
    }

    // Its second is real time, since it is the network's.
    [Fact]
    public async Task Silent_Redis_holds_up_all_steps_together_for_a_second()
    {
        const int Steps = 40;
        var farewell = Farewell();
        var silence = new TaskCompletionSource();

        // A second for each would be longer than the guard.
        await Task.Run(async () =>
            {
                for (var step = 0; step < Steps; step++)
                {
                    await farewell.Try($"take step {step}", () => silence.Task);
                }
            })
            .InTime();

        Assert.Equal(Steps, log.Lines.Length);
    }

    Farewell Farewell()
    {
        LogContext.ConfigureCurrentLogContext(log);
        return new Farewell("it is seen for a minute more");
    }

    static SidekiqRedisException Refusal() => new("on purpose");
}
