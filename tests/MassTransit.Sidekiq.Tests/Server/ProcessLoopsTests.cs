namespace MassTransit.Sidekiq.Tests.Server;

public sealed class ProcessLoopsTests
{
    readonly FakeClock clock = new();
    readonly Seen<string> cycles = new();
    readonly ProcessLoops loops = new();

    [Fact]
    public async Task Loop_is_started_once_however_often_it_is_asked_for()
    {
        var (lease, beat) = (Loop("lease"), Loop("beat"));

        loops.Start(lease);
        loops.Start(lease, beat);
        loops.Start(beat, lease);

        await cycles.Next(2);
        await clock.Armed(2).InTime();
        Assert.True(await loops.Stop().InTime());
        Assert.Equal(["beat", "lease"], cycles.All.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Loop_that_many_ask_for_at_once_is_started_once()
    {
        var loop = Loop("lease");

        Parallel.For(0, 100, _ => loops.Start(loop));

        await cycles.Next();
        await clock.Armed().InTime();
        await loops.Stop().InTime();
        Assert.Single(cycles.All);
    }

    [Fact]
    public async Task Stop_ends_every_loop_that_was_started()
    {
        loops.Start(Loop("lease"), Loop("beat"));
        await cycles.Next(2);
        await clock.Armed(2).InTime();

        await loops.Stop().InTime();

        Assert.False(clock.Armed().IsCompleted);
    }

    [Fact]
    public async Task Nothing_starts_after_the_stop()
    {
        await loops.Stop().InTime();

        loops.Start(Loop("lease"));

        Assert.False(await loops.Stop().InTime());
        Assert.Empty(cycles.All);
    }

    [Fact]
    public async Task Stop_tells_whether_anything_ran()
    {
        Assert.False(await new ProcessLoops().Stop().InTime());

        loops.Start(Loop("lease"));

        Assert.True(await loops.Stop().InTime());
        Assert.True(await loops.Stop().InTime());
    }

    BackgroundLoop Loop(string name) =>
        new(
            name,
            _ =>
            {
                cycles.Add(name);
                return Task.FromResult(TimeSpan.FromHours(1));
            },
            clock
        );
}
