using System.Text;

namespace MassTransit.Sidekiq.Tests.Redis;

public class TiedJobStoreTests
{
    static readonly TimeSpan life = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task Job_and_lock_are_stored_in_one_step_and_the_second_job_is_told_the_first()
    {
        await using var steps = await RedisSteps.Open("app:");
        var tied = Tied(steps);

        Assert.Null(await tied.Push(Push("1")));
        Assert.Equal("1", await tied.Push(Push("2")));

        Assert.Equal("{\"jid\":\"1\"}", await steps.Redis.Db.ListGetByIndexAsync("app:queue:orders", 0));
        Assert.Equal(1, await steps.Redis.Db.ListLengthAsync("app:queue:orders"));
        Assert.True(await steps.Redis.Db.SetContainsAsync("app:queues", "orders"));
        Assert.Equal("1", await steps.Redis.Db.StringGetAsync("app:sidekiq:unique:orders:Class:digest"));
        Assert.InRange(
            await Left(steps, "app:sidekiq:unique:orders:Class:digest"),
            life - TimeSpan.FromMinutes(1),
            life
        );
    }

    [Fact]
    public async Task Lock_of_a_scheduled_job_counts_from_when_it_is_due()
    {
        await using var steps = await RedisSteps.Open();
        var token = Guid.NewGuid();

        var push = Push("1") with { Due = RedisSteps.Now.AddHours(1), Token = token };
        Assert.Null(await Tied(steps).Push(push));
        Assert.Equal("1", await Tied(steps).Push(Push("2") with { Due = RedisSteps.Now }));

        Assert.Equal("{\"jid\":\"1\"}", Assert.Single(await steps.Redis.ScheduledSet()).Job);
        Assert.InRange(await Left(steps), TimeSpan.FromMinutes(69), TimeSpan.FromMinutes(70));
        Assert.True(await steps.Redis.Db.KeyExistsAsync($"mt:token:{token:D}"));
    }

    [Theory]
    [InlineData("queue:orders", false)]
    [InlineData("schedule", true)]
    public async Task Push_that_Redis_refuses_leaves_no_lock(string key, bool isScheduled)
    {
        await using var steps = await RedisSteps.Open();
        await steps.Redis.Db.StringSetAsync(key, "not a place for jobs");
        var push = Push("1") with { Due = isScheduled ? RedisSteps.Now.AddHours(1) : null };

        await Assert.ThrowsAsync<SidekiqRedisException>(() => Tied(steps).Push(push));

        Assert.Equal([key], await steps.Redis.Keys());
    }

    [Fact]
    public async Task Full_Redis_refuses_the_push_and_keeps_no_lock()
    {
        await using var server = await RedisServer.StartOwn();
        await using var steps = RedisSteps.On(server);
        await steps.Redis.Db.ExecuteAsync("CONFIG", "SET", "maxmemory", "1");

        await Assert.ThrowsAnyAsync<ConnectionException>(() => Tied(steps).Push(Push("1")));

        Assert.Empty(await steps.Redis.Keys());
    }

    [Fact]
    public async Task Claim_and_lock_end_together_and_only_while_the_job_is_claimed()
    {
        await using var steps = await RedisSteps.Open();
        var tied = Tied(steps);
        await tied.Push(Push("1"));
        await steps.Redis.Db.KeyDeleteAsync(["queue:orders", "queues"]);
        await steps.Redis.Db.HashSetAsync(steps.Keys.Queue("orders").Working, 7, "{}");

        Assert.False(await tied.End(new Delivery("orders", 8), Ties("1"), BatchOutcome.Success));
        Assert.True(await steps.Redis.Db.KeyExistsAsync(Key));

        Assert.True(await tied.End(new Delivery("orders", 7), Ties("1"), BatchOutcome.Success));
        Assert.Empty(await steps.Redis.Keys());
    }

    [Fact]
    public async Task Step_that_ends_a_job_leaves_the_lock_of_another_one()
    {
        await using var steps = await RedisSteps.Open();
        await steps.Redis.Db.StringSetAsync(Key, "other");
        var working = steps.Keys.Queue("orders").Working;
        await steps.Redis.Db.HashSetAsync(
            working,
            [.. Enumerable.Range(1, 5).Select(number => new StackExchange.Redis.HashEntry(number, "{}"))]
        );
        var (json, now) = ("{\"jid\":\"9\"}".Bytes(), RedisSteps.Now);

        Assert.True(await Tied(steps).End(new Delivery("orders", 1), Ties("1"), BatchOutcome.Success));
        Assert.True(await steps.Claims.Retry(new Delivery("orders", 2), json, now, Ties("1")));
        Assert.True(await steps.Claims.Bury(new Delivery("orders", 3), json, now, Ties("1")));
        Assert.True(await steps.Claims.Reschedule(new Delivery("orders", 4), json, now, ties: Ties("1")));
        Assert.True(await steps.Claims.MoveTo(new Delivery("orders", 5), "other", json, Ties("1")));

        Assert.Equal("other", await steps.Redis.Db.StringGetAsync(Key));
        Assert.Null(await steps.Redis.Db.KeyTimeToLiveAsync(Key));
    }

    [Fact]
    public async Task Retry_and_redelivery_keep_the_lock_until_they_are_over()
    {
        await using var steps = await RedisSteps.Open();
        var working = steps.Keys.Queue("orders").Working;
        await steps.Redis.Db.HashSetAsync(working, [new(1, "{}"), new(2, "{}")]);
        await Tied(steps).Push(Push("1"));

        var due = RedisSteps.Now.AddHours(1);
        Assert.True(await steps.Claims.Retry(new Delivery("orders", 1), "{}".Bytes(), due, Ties("1")));
        Assert.InRange(await Left(steps), TimeSpan.FromMinutes(69), TimeSpan.FromMinutes(70));

        // A redelivery may give the job another id.
        var changed = "{\"class\":\"A\",\"args\":[],\"jid\":\"2\"}".Bytes();
        Assert.True(
            await steps.Claims.Reschedule(new Delivery("orders", 2), changed, due.AddHours(1), ties: Ties("1"))
        );
        Assert.Equal("2", await steps.Redis.Db.StringGetAsync(Key));
        Assert.InRange(await Left(steps), TimeSpan.FromMinutes(129), TimeSpan.FromMinutes(130));
    }

    [Theory]
    [InlineData("1", 1, false)]
    [InlineData("1", 2, true)]
    [InlineData("other", 1, true)]
    public async Task Job_of_a_dead_process_keeps_its_lock_until_it_is_poison(string holder, int limit, bool isHeld)
    {
        const string job =
            """{"class":"Class","args":[],"jid":"1","queue":"second","unique_for":600,"unique_digest":"digest","unique_queue":"orders"}""";
        await using var steps = await RedisSteps.Open();
        await steps.Redis.SeedQueue("second", job);
        await steps.Alive("second");
        await steps.Claim(1, "second");
        await steps.Redis.Db.StringSetAsync(Key, holder);
        await steps.Die();

        await steps.Another().Leases.Rescue(new Orphan("host:1:a", "second"), RedisSteps.Now, poisonLimit: limit);

        Assert.Equal(limit == 1, (await steps.Redis.DeadSet()).Length == 1);
        Assert.Equal(isHeld, await steps.Redis.Db.KeyExistsAsync(Key));
    }

    [Fact]
    public async Task Scheduled_holder_is_replaced_and_one_that_has_left_is_not()
    {
        await using var steps = await RedisSteps.Open();
        var tied = Tied(steps);
        await tied.Push(Push("1") with { Due = RedisSteps.Now.AddHours(1) });
        var held = SidekiqJob.Parse(Assert.Single(await steps.Redis.ScheduledSet()).Job.Bytes(), queue: "");

        Assert.True(await tied.Replace(Push("2") with { Due = RedisSteps.Now.AddHours(2) }, held));
        Assert.False(await tied.Replace(Push("3"), held));

        var scheduled = Assert.Single(await steps.Redis.ScheduledSet());
        Assert.Equal(("{\"jid\":\"2\"}", RedisSteps.Now.AddHours(2)), (scheduled.Job, scheduled.Time));
        Assert.Equal("2", await steps.Redis.Db.StringGetAsync(Key));
        Assert.InRange(await Left(steps), TimeSpan.FromMinutes(129), TimeSpan.FromMinutes(130));
    }

    [Fact]
    public async Task Replacement_that_Redis_refuses_leaves_the_old_job_and_its_lock()
    {
        await using var steps = await RedisSteps.Open();
        var tied = Tied(steps);
        await tied.Push(Push("1") with { Due = RedisSteps.Now.AddHours(1) });
        var held = SidekiqJob.Parse(Assert.Single(await steps.Redis.ScheduledSet()).Job.Bytes(), queue: "");
        await steps.Redis.Db.StringSetAsync("queue:orders", "not a list");
        var before = await steps.Redis.Snapshot();

        await Assert.ThrowsAsync<SidekiqRedisException>(() => tied.Replace(Push("2"), held));

        Assert.Equal(before, await steps.Redis.Snapshot());
    }

    [Fact]
    public async Task Ten_processes_that_send_one_job_a_hundred_thousand_times_store_it_once()
    {
        await using var steps = await RedisSteps.Open();
        TiedJobStore[] stores = [.. Enumerable.Range(0, 10).Select(i => Tied(steps.Another($"host:{i}:x")))];
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(20));

        var pushed = await Task.WhenAll(
            stores.Select(
                async (store, process) =>
                {
                    var stored = new List<string>();
                    for (var round = 0; round < 100; round++)
                    {
                        late.Token.ThrowIfCancellationRequested();
                        var holders = await Task.WhenAll(
                            Enumerable
                                .Range(0, 100)
                                .Select(async i =>
                                {
                                    var jid = $"{process}-{round}-{i}";
                                    return (Jid: jid, Holder: await store.Push(Push(jid)));
                                })
                        );
                        stored.AddRange(holders.Where(one => one.Holder is null).Select(one => one.Jid));
                    }

                    return stored;
                }
            )
        );

        var only = Assert.Single(pushed.SelectMany(jids => jids));
        Assert.Equal($"{{\"jid\":\"{only}\"}}", Assert.Single(await steps.Redis.Queue("orders")));
        Assert.Equal(only, await steps.Redis.Db.StringGetAsync(Key));
    }

    const string Key = "sidekiq:unique:orders:Class:digest";

    static TiedJobStore Tied(RedisSteps steps) => new(steps.Connection, steps.Keys);

    static JobTies Ties(string jid) => new(Lock(jid), null);

    static TiedPush Push(string jid) =>
        new("orders", "Class", jid, Encoding.UTF8.GetBytes($"{{\"jid\":\"{jid}\"}}"))
        {
            Unique = new UniqueJob(life, SidekiqUniqueUntil.Success, SidekiqConflict.Drop, "digest"),
        };

    static JobLock Lock(string jid) => new("orders:Class:digest", jid, life, SidekiqUniqueUntil.Success);

    static async Task<TimeSpan> Left(RedisSteps steps, string key = Key) =>
        (await steps.Redis.Db.KeyTimeToLiveAsync(key))!.Value;
}
