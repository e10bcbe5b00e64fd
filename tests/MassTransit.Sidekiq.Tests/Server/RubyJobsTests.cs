using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests.Server;

public sealed class RubyJobsTests : IAsyncLifetime
{
    static readonly DateTimeOffset now = RedisSteps.Now;
    static readonly TimeSpan tick = TimeSpan.FromTicks(1);

    readonly FakeClock clock = new(now);
    RedisSteps steps = null!;

    public async ValueTask InitializeAsync() => steps = await RedisSteps.Open();

    public ValueTask DisposeAsync() => steps.DisposeAsync();

    [Fact]
    public async Task Job_of_Ruby_for_a_queue_that_nobody_here_takes_from_is_Rubys() =>
        Assert.True(await Jobs().Has(Job("rubys"), now, now));

    [Fact]
    public async Task Job_that_waits_for_a_minute_is_Rubys_no_more()
    {
        var jobs = Jobs();
        var minute = TimeSpan.FromMinutes(1);

        Assert.True(await jobs.Has(Job("rubys"), now - minute + tick, now));
        Assert.False(await jobs.Has(Job("rubys"), now - minute, now));
    }

    [Fact]
    public async Task Job_of_NET_is_never_Rubys() =>
        Assert.False(await Jobs().Has(Job("rubys") with { IsOurs = true }, now, now));

    [Fact]
    public async Task No_job_is_Rubys_where_all_are_moved_at_once() =>
        Assert.False(await Jobs(areMovedAtOnce: true).Has(Job("rubys"), now, now));

    [Fact]
    public async Task Job_for_a_queue_that_any_process_of_NET_takes_from_is_not_Rubys()
    {
        await steps.Another().Alive("theirs", "odd|name");

        var jobs = Jobs();

        Assert.False(await jobs.Has(Job("theirs"), now, now));
        Assert.False(await jobs.Has(Job("odd|name"), now, now));
        Assert.True(await jobs.Has(Job("name"), now, now));
    }

    [Fact]
    public async Task Redis_is_asked_for_the_queues_of_NET_once_in_ten_seconds()
    {
        var jobs = Jobs();
        Assert.True(await jobs.Has(Job("orders"), now, now));
        await steps.Alive("orders");

        clock.Advance(TimeSpan.FromSeconds(10) - tick);
        Assert.True(await jobs.Has(Job("orders"), now, now));

        clock.Advance(tick);
        Assert.False(await jobs.Has(Job("orders"), now, now));
    }

    [Fact]
    public async Task Queue_that_was_ours_a_moment_ago_needs_no_question()
    {
        await steps.Alive("orders");
        var jobs = Jobs();
        Assert.False(await jobs.Has(Job("orders"), now, now));

        clock.Advance(TimeSpan.FromMinutes(5));

        Assert.True(jobs.Has(Job("orders"), now, now).AsTask().IsCompletedSuccessfully);
    }

    RubyJobs Jobs(bool areMovedAtOnce = false) => new(steps.DueJobs, areMovedAtOnce, clock);

    static DueMove Job(string queue) => new([], ReadOnlyMemory<byte>.Empty, queue);
}
