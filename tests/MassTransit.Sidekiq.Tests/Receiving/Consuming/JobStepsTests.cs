using System.Text;
using MassTransit.Sidekiq.Tests.Redis;

namespace MassTransit.Sidekiq.Tests.Receiving;

public sealed class JobStepsTests : IAsyncLifetime
{
    const string Job = """{"class":"Pay","jid":"j1d","mt":{"ledger":"shop"}}""";

    static readonly DateTimeOffset now = TestClock.Start;

    RedisDatabase redis = null!;
    ConsumingEndpoint endpoint = null!;
    ClaimedJob claimed;
    JobSteps steps = null!;

    Delivery Delivery => new(ConsumingEndpoint.Queue, claimed.Number);

    public async ValueTask InitializeAsync()
    {
        redis = await RedisServer.Lease();
        endpoint = new ConsumingEndpoint(redis.Url);
        await redis.SeedQueue(ConsumingEndpoint.Queue, Job);
        claimed = await endpoint.Claim();
        steps = endpoint.Steps();
        Assert.Equal(1, await redis.Db.HashLengthAsync(Working));
    }

    public async ValueTask DisposeAsync()
    {
        await endpoint.DisposeAsync();
        await redis.DisposeAsync();
    }

    [Fact]
    public async Task Job_that_is_done_waits_for_the_next_claim_to_say_so()
    {
        steps.Acknowledge(claimed);

        Assert.Equal([claimed.Number], endpoint.Acknowledged);
        Assert.Equal(1, await redis.Db.HashLengthAsync(Working));
    }

    [Fact]
    public async Task Job_that_a_ledger_waits_for_is_noted_as_done_and_then_acknowledged()
    {
        Assert.True(await steps.End(claimed, Read()));

        Assert.Equal([("j1d", SetEntry.ToScore(now))], await Noted());
        Assert.Equal([claimed.Number], endpoint.Acknowledged);
    }

    [Fact]
    public async Task Job_that_no_ledger_waits_for_and_a_text_that_is_none_are_acknowledged_alone()
    {
        Assert.True(await steps.End(claimed, SidekiqJob.Parse("""{"jid":"j1d"}"""u8.ToArray(), "orders")));
        Assert.True(await steps.End(claimed, job: null));

        Assert.Empty(await Noted());
        Assert.Equal([claimed.Number, claimed.Number], endpoint.Acknowledged);
    }

    [Fact]
    public async Task Job_that_is_retried_is_in_the_retry_set()
    {
        Assert.True(await steps.Retry(Delivery, "failed".Bytes(), now));

        Assert.Equal([new SetEntry("failed", SetEntry.ToScore(now))], await redis.RetrySet());
        Assert.False(await redis.Db.KeyExistsAsync(Working));
    }

    [Fact]
    public async Task Job_that_is_delivered_later_is_scheduled()
    {
        Assert.True(await steps.Reschedule(Delivery, "later".Bytes(), now));

        Assert.Equal([new SetEntry("later", SetEntry.ToScore(now))], await redis.ScheduledSet());
        Assert.False(await redis.Db.KeyExistsAsync(Working));
    }

    [Fact]
    public async Task Job_that_dies_is_in_the_dead_set_and_its_ledger_has_heard_of_it()
    {
        Assert.True(await steps.Bury(Delivery, Read(), "failed".Bytes(), now));

        Assert.Equal([new SetEntry("failed", SetEntry.ToScore(now))], await redis.DeadSet());
        Assert.Equal([("j1d:dead", SetEntry.ToScore(now))], await Noted());
        Assert.False(await redis.Db.KeyExistsAsync(Working));
    }

    [Fact]
    public async Task Text_that_is_no_job_dies_unnoted()
    {
        Assert.True(await steps.Bury(Delivery, job: null, "{no job".Bytes(), now));

        Assert.Single(await redis.DeadSet());
        Assert.Empty(await Noted());
    }

    // The other way round a kill in between would leave it dead, and its ledger would push it again.
    [Fact]
    public async Task Ledger_hears_of_a_death_before_the_job_leaves_its_worker()
    {
        await redis.Db.StringSetAsync("dead", "no set");

        await Assert.ThrowsAsync<SidekiqRedisException>(() => steps.Bury(Delivery, Read(), "failed".Bytes(), now));

        Assert.Single(await Noted());
        Assert.Equal(1, await redis.Db.HashLengthAsync(Working));
    }

    [Fact]
    public async Task Job_that_its_ledger_could_not_hear_of_stays_with_its_worker()
    {
        await redis.Db.StringSetAsync("mt:completed:shop", "no set");

        await Assert.ThrowsAsync<SidekiqRedisException>(() => steps.Bury(Delivery, Read(), "failed".Bytes(), now));
        await Assert.ThrowsAsync<SidekiqRedisException>(() => steps.End(claimed, Read()));

        Assert.Empty(await redis.DeadSet());
        Assert.Empty(endpoint.Acknowledged);
        Assert.Equal(1, await redis.Db.HashLengthAsync(Working));
    }

    [Fact]
    public async Task Job_that_moves_is_in_the_other_queue()
    {
        Assert.True(await steps.MoveTo(Delivery, "orders_error", "failed".Bytes()));

        Assert.Equal(["failed"], await redis.Queue("orders_error"));
        Assert.False(await redis.Db.KeyExistsAsync(Working));
    }

    [Fact]
    public async Task Job_that_is_put_back_is_at_the_head_of_its_queue_as_it_was()
    {
        await redis.SeedQueue(ConsumingEndpoint.Queue, "next");

        Assert.True(await steps.Return(Delivery));

        Assert.Equal([Job, "next"], await redis.Queue(ConsumingEndpoint.Queue));
        Assert.False(await redis.Db.KeyExistsAsync(Working));
    }

    [Theory]
    [InlineData("retry")]
    [InlineData("reschedule")]
    [InlineData("bury")]
    [InlineData("move")]
    [InlineData("return")]
    public async Task Job_whose_claim_is_gone_is_left_where_it_is(string step)
    {
        await redis.Db.KeyDeleteAsync(Working);
        var before = await redis.Snapshot();

        Assert.False(
            step switch
            {
                "retry" => await steps.Retry(Delivery, "failed".Bytes(), now),
                "reschedule" => await steps.Reschedule(Delivery, "later".Bytes(), now),
                "bury" => await steps.Bury(Delivery, job: null, "failed".Bytes(), now),
                "move" => await steps.MoveTo(Delivery, "orders_error", "failed".Bytes()),
                _ => await steps.Return(Delivery),
            }
        );

        Assert.Equal(before, await redis.Snapshot());
    }

    string Working => $"mt:working:{endpoint.Process.Identity}:{ConsumingEndpoint.Queue}";

    static SidekiqJob Read() => SidekiqJob.Parse(Encoding.UTF8.GetBytes(Job), ConsumingEndpoint.Queue);

    async Task<(string, double)[]> Noted()
    {
        var notes = await redis.Db.SortedSetRangeByRankWithScoresAsync("mt:completed:shop");
        return [.. notes.Select(note => ($"{note.Element}", note.Score))];
    }
}
