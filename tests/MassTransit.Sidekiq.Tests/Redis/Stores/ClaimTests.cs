namespace MassTransit.Sidekiq.Tests.Redis;

public class ClaimTests
{
    [Fact]
    public async Task Claimed_jobs_leave_their_queue_in_order_for_the_working_hash()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Alive("orders");
        await steps.Redis.SeedQueue("orders", "1", "2", "3");

        var claimed = await steps.Claim(2, "orders");

        Assert.Equal(["1", "2"], claimed.Texts());
        Assert.Equal([1L, 2L], claimed.Jobs.Select(job => job.Number));
        Assert.Equal(["1", "2"], await steps.Working("orders"));
        Assert.Equal(["3"], await steps.Redis.Queue("orders"));
    }

    [Fact]
    public async Task Claim_says_whether_it_has_emptied_its_queues()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Alive("orders");
        await steps.Redis.SeedQueue("orders", "1", "2", "3");

        Assert.False((await steps.Claim(2, "orders")).HasEmptied);
        Assert.True((await steps.Claim(2, "orders")).HasEmptied);
    }

    [Fact]
    public async Task Claim_cut_short_for_its_size_has_not_emptied_its_queue()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Alive("orders");
        await steps.Redis.SeedQueue("orders", [.. Enumerable.Repeat(new string('x', 200_000), 20)]);

        var claimed = await steps.Claim(50, "orders");

        Assert.NotEmpty(await steps.Redis.Queue("orders"));
        Assert.False(claimed.HasEmptied);
    }

    [Fact]
    public async Task Equal_jobs_are_two_claims()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Alive("orders");
        await steps.Redis.SeedQueue("orders", "same", "same");

        var claimed = await steps.Claim(2, "orders");

        Assert.Equal(["same", "same"], claimed.Texts());
        Assert.Equal(["same", "same"], await steps.Working("orders"));
    }

    [Fact]
    public async Task Queues_are_emptied_in_the_order_asked_for()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Alive("critical", "default");
        await steps.Redis.SeedQueue("critical", "c1");
        await steps.Redis.SeedQueue("default", "d1", "d2");

        var claimed = await steps.Claims.Claim(
            steps.Request(10, "critical", "default") with
            {
                Order = new[] { 1, 0 },
            }
        );

        Assert.Equal(["d1", "d2", "c1"], claimed.Texts());
        Assert.Equal([1, 1, 0], claimed.Jobs.Select(job => job.Queue));
        Assert.Equal(["c1"], await steps.Working("critical"));
        Assert.Equal(["d1", "d2"], await steps.Working("default"));
    }

    [Fact]
    public async Task Nothing_is_claimed_from_empty_queues()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Alive("critical", "default");
        var before = await steps.Redis.Snapshot();

        Assert.Empty((await steps.Claim(10, "critical", "default")).Jobs);
        Assert.Equal(before, await steps.Redis.Snapshot());
    }

    [Fact]
    public async Task Job_that_landed_comes_before_those_in_the_queue()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Alive("orders");
        await steps.Redis.SeedQueue("orders", "2", "3");
        await steps.Redis.Db.ListLeftPushAsync(steps.Keys.Queue("orders").Landing, "1");

        Assert.Equal(["1", "2"], (await steps.Claim(2, "orders")).Texts());
        Assert.Equal(["1", "2"], await steps.Working("orders"));
        Assert.Equal(["3"], await steps.Redis.Queue("orders"));
    }

    [Fact]
    public async Task Large_jobs_are_claimed_few_at_a_time()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Alive("orders");
        var large = new string('x', 300_000);
        await steps.Redis.SeedQueue("orders", [.. Enumerable.Repeat(large, 20)]);

        Assert.Equal(8, (await steps.Claim(20, "orders")).Jobs.Count);
        Assert.Equal(12, (await steps.Redis.Queue("orders")).Length);
    }

    [Fact]
    public async Task Small_jobs_are_claimed_as_many_as_wanted()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Alive("orders", "other");
        var jobs = Enumerable.Range(0, 1500).Select(number => $"{number}").ToArray();
        await steps.Redis.SeedQueue("orders", jobs);

        Assert.Equal(jobs, (await steps.Claim(2000, "other", "orders")).Texts());
        Assert.Equal(jobs, await steps.Working("orders"));
    }

    [Fact]
    public async Task Small_jobs_are_claimed_in_few_commands()
    {
        await using var server = await RedisServer.StartOwn();
        await using var steps = RedisSteps.On(server);
        await steps.Alive("orders");
        await steps.Redis.SeedQueue("orders", [.. Enumerable.Range(0, 1000).Select(number => $"{number}")]);

        Assert.Equal(1000, (await steps.Claim(1000, "orders")).Jobs.Count);

        var pops = await server.Calls("rpop");
        Assert.InRange(pops, 2, 4);
    }

    [Fact]
    public async Task Acknowledgements_ride_on_the_next_claim()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Alive("critical", "default");
        await steps.Redis.SeedQueue("critical", "c1", "c2");
        await steps.Redis.SeedQueue("default", "d1");
        await steps.Claim(3, "critical", "default");

        var next = await steps.Claims.Claim(
            steps.Request(1, "critical", "default") with
            {
                Acknowledged =
                [
                    [2],
                    [3],
                ],
            }
        );

        Assert.Equal(0, next.Stale);
        Assert.Equal(["c1"], await steps.Working("critical"));
        Assert.Empty(await steps.Working("default"));
    }

    [Fact]
    public async Task Thousands_of_acknowledgements_fit_in_one_claim()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Alive("orders");
        var numbers = Enumerable.Range(1, 9000).Select(number => (long)number).ToArray();

        var claimed = await steps.Claims.Claim(steps.Request(0, "orders") with { Acknowledged = [numbers] });

        Assert.Equal(9000, claimed.Stale);
    }

    [Fact]
    public async Task Acknowledgement_of_a_claim_that_is_gone_is_counted_as_stale()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Alive("orders");
        await steps.Redis.SeedQueue("orders", "1", "2");
        await steps.Claim(2, "orders");
        await steps.Redis.Db.HashDeleteAsync(steps.Keys.Queue("orders").Working, 1);

        var next = await steps.Claims.Claim(
            steps.Request(0, "orders") with
            {
                Acknowledged =
                [
                    [1, 2],
                ],
            }
        );

        Assert.Equal(1, next.Stale);
    }

    [Fact]
    public async Task Nothing_is_claimed_without_a_lease_but_acknowledgements_count()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Alive("orders");
        await steps.Redis.SeedQueue("orders", "1", "2");
        await steps.Claim(1, "orders");
        await steps.Die();

        var refused = await steps.Claims.Claim(
            steps.Request(5, "orders") with
            {
                Acknowledged =
                [
                    [1],
                ],
            }
        );

        Assert.True(refused.IsLeaseLost);
        Assert.Empty(refused.Jobs);
        Assert.Equal(["2"], await steps.Redis.Queue("orders"));
        Assert.Empty(await steps.Working("orders"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("myapp:")]
    public async Task Paused_queue_is_left_out_and_told_about(string prefix)
    {
        await using var steps = await RedisSteps.Open(prefix);
        await steps.Alive("critical", "default");
        await steps.Jobs.Push("critical", "c1".Bytes());
        await steps.Jobs.Push("default", "d1".Bytes());
        await steps.Redis.Db.SetAddAsync(steps.Keys.Paused, "critical");

        var claimed = await steps.Claim(5, "critical", "default");

        Assert.Equal(["d1"], claimed.Texts());
        Assert.Equal([1], claimed.Jobs.Select(job => job.Queue));
        Assert.Equal([0], claimed.Paused);
    }

    [Fact]
    public async Task Job_that_landed_as_its_queue_was_paused_returns_to_the_head()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Alive("orders");
        await steps.Redis.SeedQueue("orders", "2");
        await steps.Redis.Db.ListLeftPushAsync(steps.Keys.Queue("orders").Landing, "1");
        await steps.Redis.Db.SetAddAsync("paused", "orders");

        Assert.Empty((await steps.Claim(5, "orders")).Jobs);
        Assert.Equal(["1", "2"], await steps.Redis.Queue("orders"));
    }

    [Fact]
    public async Task Paused_queue_is_served_when_pauses_are_not_honoured()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Alive("orders");
        await steps.Redis.SeedQueue("orders", "1");
        await steps.Redis.Db.SetAddAsync("paused", "orders");

        var claimed = await steps.Claims.Claim(steps.Request(5, "orders") with { HonourPaused = false });

        Assert.Equal(["1"], claimed.Texts());
    }

    [Fact]
    public async Task Job_that_cannot_be_filed_stays_in_its_queue()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Alive("orders");
        await steps.Redis.SeedQueue("orders", "1", "2", "3");
        await steps.Redis.Db.StringSetAsync(steps.Keys.Queue("orders").Working, "no hash");
        var before = await steps.Redis.Snapshot();

        var refused = await Assert.ThrowsAsync<SidekiqRedisException>(() => steps.Claim(2, "orders"));

        Assert.Contains("another type", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, await steps.Redis.Snapshot());
    }

    [Fact]
    public async Task Two_processes_never_claim_the_same_job()
    {
        await using var steps = await RedisSteps.Open();
        var other = steps.Another();
        await steps.Alive("orders");
        await other.Alive("orders");
        var jobs = Enumerable.Range(0, 500).Select(number => $"{number}").ToArray();
        await steps.Redis.SeedQueue("orders", jobs);

        var claims = await Task.WhenAll(
            Enumerable.Range(0, 100).Select(number => (number % 2 == 0 ? steps : other).Claim(7, "orders"))
        );

        Assert.Equal(jobs.Order(), claims.SelectMany(claimed => claimed.Texts()).Order());
        Assert.Equal(jobs.Order(), (await steps.Working("orders")).Concat(await other.Working("orders")).Order());
    }

    [Fact]
    public async Task Bytes_of_a_job_are_claimed_as_they_were_even_when_they_are_no_text()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Alive("orders");
        byte[] bytes = [0x7b, 0xff, 0x00, 0x0d, 0x0a, 0x7d];
        await steps.Jobs.Push("orders", bytes);

        Assert.Equal(bytes, (await steps.Claim(1, "orders")).Jobs[0].Json);
    }

    [Fact]
    public void Reserved_numbers_are_never_given_twice()
    {
        var keys = new RedisKeys("", "host:1:a");
        var claims = new ClaimStore(
            new RedisConnection(new RedisSettings(), new ListLogger(), new FakeClock()),
            keys,
            DeadSet.Default
        );

        Assert.Equal(1, claims.Reserve(10));
        Assert.Equal(11, claims.Reserve(0));
        Assert.Equal(11, claims.Reserve(1));
        Assert.Equal(12, claims.Reserve(5));
    }

    [Fact]
    public async Task Acknowledged_jobs_leave_the_hash()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Alive("orders");
        await steps.Redis.SeedQueue("orders", "1", "2", "3");
        await steps.Claim(3, "orders");

        Assert.Equal(2, await steps.Claims.Acknowledge("orders", [1, 3, 99]));

        Assert.Equal(["2"], await steps.Working("orders"));
    }

    [Fact]
    public async Task Requeued_jobs_are_the_next_to_run_in_their_old_order()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Alive("orders");
        await steps.Redis.SeedQueue("orders", "1", "2", "3", "4");
        var before = await steps.Redis.Snapshot();
        await steps.Claim(3, "orders");

        Assert.Equal(3, await steps.Claims.Requeue("orders", [1, 2, 3]));

        Assert.Equal(before, await steps.Redis.Snapshot());
    }

    [Fact]
    public async Task Thousands_of_jobs_are_requeued_in_order()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Alive("orders");
        var jobs = Enumerable.Range(0, 2500).Select(number => $"{number}").ToArray();
        await steps.Redis.SeedQueue("orders", jobs);
        var claimed = await steps.Claim(2500, "orders");

        await steps.Claims.Requeue("orders", [.. claimed.Jobs.Select(job => job.Number)]);

        Assert.Equal(jobs, await steps.Redis.Queue("orders"));
    }

    [Fact]
    public async Task Job_whose_claim_is_gone_is_not_requeued()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Alive("orders");
        await steps.Redis.SeedQueue("orders", "1", "2");
        await steps.Claim(2, "orders");
        await steps.Claims.Acknowledge("orders", [1]);

        Assert.Equal(1, await steps.Claims.Requeue("orders", [1, 2]));
        Assert.Equal(0, await steps.Claims.Requeue("orders", [1, 2]));

        Assert.Equal(["2"], await steps.Redis.Queue("orders"));
    }

    [Fact]
    public async Task Landed_jobs_return_to_the_head_in_order()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Redis.SeedQueue("orders", "3");
        await steps.Redis.Db.ListLeftPushAsync(steps.Keys.Queue("orders").Landing, ["1", "2"]);

        Assert.Equal(2, await steps.Claims.ReturnLanding("orders"));
        Assert.Equal(0, await steps.Claims.ReturnLanding("orders"));

        Assert.Equal(["1", "2", "3"], await steps.Redis.Queue("orders"));
    }
}
