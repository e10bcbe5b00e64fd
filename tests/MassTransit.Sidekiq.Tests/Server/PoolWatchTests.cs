using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests.Server;

/// <summary>That it helps is for the tests of crashes to show, in a process of its own: it would have to block this one's pool.</summary>
public class PoolWatchTests
{
    [Fact]
    public async Task Stop_ends_the_watch_which_began_a_moment_ago()
    {
        var watch = new PoolWatch(new ListLogger());
        watch.Start();

        await Task.Run(watch.Stop).InTime();
    }

    [Fact]
    public async Task Watch_that_never_began_can_be_stopped_and_then_begins_no_more()
    {
        var watch = new PoolWatch(new ListLogger());
        await Task.Run(watch.Stop).InTime();

        watch.Start();

        await Task.Run(watch.Stop).InTime();
    }
}
