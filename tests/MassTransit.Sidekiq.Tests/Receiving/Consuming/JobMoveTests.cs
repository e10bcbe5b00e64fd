using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests.Receiving;

public sealed class JobMoveTests : IAsyncDisposable
{
    static readonly Delivery delivery = new("orders", 1);
    static readonly ConnectionException lost = new("lost", isTransient: true);
    static readonly TimeSpan firstPause = TimeSpan.FromMilliseconds(250);

    readonly ListLogger log = new();
    readonly ConsumingEndpoint endpoint = new();
    int followed;

    public JobMoveTests() => LogContext.ConfigureCurrentLogContext(log);

    public ValueTask DisposeAsync() => endpoint.DisposeAsync();

    [Fact]
    public async Task What_follows_a_move_follows_once_and_nothing_is_told()
    {
        Assert.True(await Run(_ => true));

        Assert.Equal(1, followed);
        Assert.Empty(log.Lines);
    }

    [Fact]
    public async Task Move_that_nothing_follows_is_a_move() =>
        Assert.True(await endpoint.Steps().Run(delivery, () => Task.FromResult(true)).InTime());

    [Fact]
    public async Task Job_that_was_no_longer_ours_is_told_and_nothing_follows()
    {
        Assert.True(await Run(_ => false));

        Assert.Equal(0, followed);
        Assert.Contains("orders", Assert.Single(log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lost_Redis_is_waited_for_in_silence_with_growing_pauses()
    {
        var attempts = 0;
        var move = Run(attempt => (attempts = attempt) < 3 ? throw lost : true);

        await Pause(firstPause);
        await Pause(2 * firstPause);

        Assert.True(await move.InTime());
        Assert.Equal((3, 1), (attempts, followed));
        Assert.Empty(log.Lines);

        async Task Pause(TimeSpan pause)
        {
            await endpoint.Clock.Armed().InTime();
            endpoint.Clock.Advance(pause - TimeSpan.FromTicks(1));
            Assert.True(endpoint.Clock.Armed().IsCompleted);
            endpoint.Clock.Advance(TimeSpan.FromTicks(1));
        }
    }

    // The answer to the first attempt was lost, not the move.
    [Fact]
    public async Task Claim_that_a_second_attempt_finds_gone_was_moved_by_the_first()
    {
        var move = Run(attempt => attempt == 1 ? throw lost : false);
        await endpoint.Clock.Armed().InTime();
        endpoint.Clock.Advance(firstPause);

        Assert.True(await move.InTime());
        Assert.Equal(1, followed);
        Assert.Empty(log.Lines);
    }

    [Fact]
    public async Task Failure_that_is_no_outage_is_told_once_and_tried_again()
    {
        var move = Run(attempt => attempt < 3 ? throw new InvalidOperationException("boom") : true);
        await endpoint.Clock.Armed().InTime();
        endpoint.Clock.Advance(firstPause);
        await endpoint.Clock.Armed().InTime();
        endpoint.Clock.Advance(2 * firstPause);

        Assert.True(await move.InTime());
        Assert.Contains("orders", Assert.Single(log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Move_that_Redis_refuses_is_left_to_be_tried_later_and_the_worker_goes_on()
    {
        var isRefused = true;

        Assert.True(await Run(_ => isRefused ? throw new SidekiqRedisException("WRONGTYPE") : true));
        Assert.Equal(0, followed);
        Assert.Equal([delivery], endpoint.Process.Unsettled.Jobs);

        isRefused = false;
        await endpoint.Process.Unsettled.Cycle(CancellationToken.None);
        Assert.Equal(1, followed);
        Assert.Empty(endpoint.Process.Unsettled.Jobs);
    }

    [Fact]
    public async Task Move_that_is_refused_waits_in_its_worker_when_too_many_are()
    {
        for (var number = 1; number <= 1000; number++)
        {
            endpoint.Process.Unsettled.TryAdd(
                new Delivery("others", number),
                () => Task.CompletedTask,
                new SidekiqRedisException("WRONGTYPE")
            );
        }

        var move = Run(attempt => attempt == 1 ? throw new SidekiqRedisException("WRONGTYPE") : true);
        await endpoint.Clock.Armed().InTime();
        Assert.False(move.IsCompleted);
        endpoint.Clock.Advance(firstPause);

        Assert.True(await move.InTime());
        Assert.DoesNotContain(delivery, endpoint.Process.Unsettled.Jobs);
    }

    [Fact]
    public async Task Move_that_fails_while_its_endpoint_stops_is_given_up_and_told()
    {
        using var stopping = new CancellationTokenSource();
        await stopping.CancelAsync();

        Assert.False(await Run(_ => throw lost, stopping.Token));

        Assert.Equal(0, followed);
        Assert.Contains("orders", Assert.Single(log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Move_that_works_while_its_endpoint_stops_is_done()
    {
        Assert.True(await Run(_ => true, new CancellationToken(canceled: true)));

        Assert.Equal(1, followed);
    }

    // `step` is told which attempt it is, from 1 on.
    Task<bool> Run(Func<int, bool> step, CancellationToken stopping = default)
    {
        var attempt = 0;
        return endpoint
            .Steps(stopping)
            .Run(
                delivery,
                () => Task.FromResult(step(++attempt)),
                () =>
                {
                    followed++;
                    return Task.CompletedTask;
                }
            )
            .InTime();
    }
}
