using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests.Server;

public sealed class UnsettledJobsTests : IAsyncLifetime
{
    static readonly SidekiqRedisException refusal = new("WRONGTYPE of retry.");
    static readonly TimeSpan interval = TimeSpan.FromSeconds(5);

    readonly FakeClock clock = new();
    RedisSteps steps = null!;
    UnsettledJobs unsettled = null!;

    public async ValueTask InitializeAsync()
    {
        steps = await RedisSteps.Open();
        unsettled = new UnsettledJobs(steps.Connection, clock);
    }

    public async ValueTask DisposeAsync()
    {
        await unsettled.Loop.DisposeAsync();
        await steps.DisposeAsync();
    }

    [Fact]
    public async Task Nothing_is_tried_while_there_is_no_job()
    {
        Assert.Equal(Timeout.InfiniteTimeSpan, await Cycle());
        Assert.Null(unsettled.Reason);
        Assert.Empty(steps.Log.Lines);
    }

    [Fact]
    public async Task Job_that_Redis_refuses_stays_and_is_tried_again_with_each_cycle()
    {
        var tries = 0;
        Add(1, () => Refused(++tries));

        Assert.Equal(interval, await Cycle());
        Assert.Equal(interval, await Cycle());

        Assert.Equal(2, tries);
        Assert.Equal([new Delivery("orders", 1)], unsettled.Jobs);
    }

    [Fact]
    public async Task Job_that_Redis_takes_at_last_is_done_once_and_the_others_stay()
    {
        var tries = 0;
        Add(1, () => Refused(1));
        Add(2, () => ++tries < 2 ? Refused(tries) : Task.CompletedTask);

        await Cycle();
        Assert.Equal(interval, await Cycle());
        await Cycle();

        Assert.Equal(2, tries);
        Assert.Equal([new Delivery("orders", 1)], unsettled.Jobs);
    }

    [Fact]
    public async Task Refusals_are_told_once_when_they_begin_and_once_when_the_last_has_ended()
    {
        var isRefused = true;
        Add(1, Settle);
        Add(2, Settle);
        await Cycle();
        Assert.Matches($"orders.*{refusal.Message}", Assert.Single(steps.Log.Lines));

        isRefused = false;
        Assert.Equal(Timeout.InfiniteTimeSpan, await Cycle());
        Assert.Single(steps.Log.Lines.Skip(1));

        Add(3, Settle);
        Assert.Equal(3, steps.Log.Lines.Length);

        Task Settle() => isRefused ? Refused(1) : Task.CompletedTask;
    }

    [Fact]
    public async Task Reason_is_the_last_refusal_while_there_is_one()
    {
        var refusals = new Queue<string>(["first", "second"]);
        Add(
            1,
            () => refusals.TryDequeue(out var reason) ? throw new SidekiqRedisException(reason) : Task.CompletedTask
        );
        Assert.Equal(refusal.Message, unsettled.Reason);

        await Cycle();
        Assert.Equal("first", unsettled.Reason);
        await Cycle();
        Assert.Equal("second", unsettled.Reason);
        await Cycle();
        Assert.Null(unsettled.Reason);
    }

    [Fact]
    public async Task Lost_Redis_ends_the_cycle_at_the_first_job_and_no_refusal_does()
    {
        var lost = new ConnectionException("lost", isTransient: true);
        var tried = new List<int>();
        Add(1, () => Try(1, new InvalidOperationException("of the user")));
        Add(2, () => Try(2, lost));
        Add(3, () => Try(3, refusal));

        Assert.Same(lost, await Assert.ThrowsAsync<ConnectionException>(Cycle));

        Assert.Equal([1, 2], tried);
        Assert.Equal(3, unsettled.Jobs.Count);

        Task Try(int number, Exception fault)
        {
            tried.Add(number);
            throw fault;
        }
    }

    [Fact]
    public async Task Cycle_that_is_told_to_stop_tries_no_more_jobs()
    {
        using var stopping = new CancellationTokenSource();
        var tries = 0;
        Add(1, Settle);
        Add(2, Settle);

        await Assert.ThrowsAsync<OperationCanceledException>(() => unsettled.Cycle(stopping.Token));

        Assert.Equal(1, tries);

        Task Settle()
        {
            stopping.Cancel();
            return Refused(++tries);
        }
    }

    [Fact]
    public void No_more_than_a_thousand_are_kept()
    {
        for (var number = 1; number <= 1000; number++)
        {
            Assert.True(Add(number, Task () => Task.CompletedTask));
        }

        Assert.False(Add(1001, Task () => Task.CompletedTask));
        Assert.Equal(1000, unsettled.Jobs.Count);
    }

    [Fact]
    public async Task Job_that_is_refused_wakes_the_loop_that_tries_it_every_five_seconds()
    {
        var tries = new Seen<int>();
        unsettled.Loop.Start();
        Add(1, () => Try());
        await tries.Next();
        await clock.Armed().InTime();

        clock.Advance(interval);

        await tries.Next();

        Task Try()
        {
            tries.Add(1);
            return Refused(1);
        }
    }

    [Fact]
    public async Task Jobs_return_to_the_head_of_their_queues_in_the_order_of_their_claims()
    {
        await steps.Alive("orders", "mails");
        await steps.Redis.SeedQueue("orders", "1", "2", "3", "4");
        await steps.Redis.SeedQueue("mails", "5", "6");
        await steps.Claim(3, "orders");
        await steps.Claim(1, "mails");
        Add(3, () => Refused(1));
        Add(1, () => Refused(1));
        unsettled.TryAdd(new Delivery("mails", 4), () => Refused(1), refusal);

        await unsettled.Return(steps.Claims);

        Assert.Equal(["1", "3", "4"], await steps.Redis.Queue("orders"));
        Assert.Equal(["5", "6"], await steps.Redis.Queue("mails"));
        Assert.Equal(["2"], await steps.Working("orders"));
    }

    bool Add(long number, Func<Task> settle) => unsettled.TryAdd(new Delivery("orders", number), settle, refusal);

    Task<TimeSpan> Cycle() => unsettled.Cycle(CancellationToken.None);

    static Task Refused(int _) => Task.FromException(refusal);
}
