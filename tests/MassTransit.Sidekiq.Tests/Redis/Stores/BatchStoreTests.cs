using System.Text;

namespace MassTransit.Sidekiq.Tests.Redis;

public class BatchStoreTests
{
    static readonly DateTimeOffset now = RedisSteps.Now;

    [Fact]
    public async Task Batch_is_complete_when_each_job_has_run_once_and_succeeds_when_each_has_ended()
    {
        await using var batch = await OpenBatch.Open("1", "2", "3");

        await batch.End("1");
        await batch.Fail("2");
        Assert.Empty(await batch.Callbacks());

        await batch.End("3");
        Assert.Equal(["complete"], await batch.Callbacks());

        await batch.End("2");
        Assert.Equal(["complete", "success"], await batch.Callbacks());
        var state = await batch.Find();
        Assert.Equal((3, 0, 0, 1, 0), (state.Total, state.Pending, state.Failed, state.Failures, state.Dropped));
        Assert.Equal((now, now, null), (state.CompletedAt, state.SucceededAt, state.DiedAt));
    }

    [Fact]
    public async Task First_death_is_told_once_and_a_dead_job_that_succeeds_later_still_brings_success()
    {
        await using var batch = await OpenBatch.Open("1", "2");

        await batch.Die("1");
        Assert.Equal(["death"], await batch.Callbacks());
        await batch.Die("2");
        Assert.Equal(["death", "complete"], await batch.Callbacks());
        Assert.Equal(2, (await batch.Find()).Dead);

        await batch.End("1");
        await batch.End("2");

        Assert.Equal(["death", "complete", "success"], await batch.Callbacks());
        Assert.Equal((0, 0), ((await batch.Find()).Dead, (await batch.Find()).Failed));
    }

    [Fact]
    public async Task Callback_is_a_whole_job_of_its_queue()
    {
        await using var batch = await OpenBatch.Open("1");

        await batch.End("1");

        var job = SidekiqJob.Parse((await batch.Steps.Redis.Queue("callbacks"))[0].Bytes(), "callbacks");
        Assert.Equal(("Done", "cb-complete", now, now), (job.Class, job.Jid, job.CreatedAt, job.EnqueuedAt));
        Assert.True(await batch.Steps.Redis.Db.SetContainsAsync("queues", "callbacks"));
    }

    [Fact]
    public async Task Empty_batch_has_all_at_once()
    {
        await using var batch = await OpenBatch.Open();

        Assert.Equal(["complete", "success"], await batch.Callbacks());
    }

    [Fact]
    public async Task Callbacks_wait_until_all_messages_have_arrived()
    {
        await using var batch = await OpenBatch.Begin();
        await batch.Add("1");
        await batch.End("1");
        Assert.Empty(await batch.Callbacks());

        await batch.Store.Seal("b", messages: 2);
        Assert.False((await batch.Find()).IsFilled);
        Assert.Empty(await batch.Callbacks());

        await batch.Add("2");
        Assert.True((await batch.Find()).IsFilled);
        await batch.End("2");
        Assert.Equal(["complete", "success"], await batch.Callbacks());
    }

    [Fact]
    public async Task Message_that_becomes_no_job_arrives_as_well()
    {
        await using var batch = await OpenBatch.Begin();
        await batch.Store.Seal("b", messages: 1);

        await batch.Store.Arrive("b");

        Assert.Equal(["complete", "success"], await batch.Callbacks());
    }

    [Fact]
    public async Task Job_that_is_sent_or_ends_twice_counts_once()
    {
        await using var batch = await OpenBatch.Begin();
        await batch.Add("1");
        await batch.Add("1");
        await batch.Add("2");
        await batch.Store.Seal("b", messages: 2);
        Assert.Equal((2, true), ((await batch.Find()).Total, (await batch.Find()).IsFilled));

        await batch.End("1");
        await batch.End("1");
        Assert.Empty(await batch.Callbacks());
        await batch.End("2");
        await batch.End("2");
        Assert.Equal(["complete", "success"], await batch.Callbacks());
    }

    [Fact]
    public async Task Outer_batch_waits_for_the_inner_one_and_hears_of_its_death()
    {
        await using var batch = await OpenBatch.Begin();
        await batch.Add("1");
        Assert.Equal(BatchCreation.Created, await batch.Store.Create("inner", null, "b", []));
        await batch.Push("2", "inner");
        await batch.Store.Seal("inner", messages: 1);
        await batch.Store.Seal("b", messages: 1);
        await batch.End("1");
        Assert.Empty(await batch.Callbacks());
        Assert.Equal((2, "b"), ((await batch.Find()).Total, (await batch.Store.Find("inner"))!.ParentId));

        await batch.Die("2", "inner");
        Assert.Equal(["death", "complete"], await batch.Callbacks());

        await batch.End("2", "inner");
        Assert.Equal(["death", "complete", "success"], await batch.Callbacks());
    }

    [Fact]
    public async Task Batch_around_it_must_be_open()
    {
        await using var batch = await OpenBatch.Open();

        Assert.Equal(BatchCreation.ParentEnded, await batch.Store.Create("inner", null, "b", []));
        Assert.Equal(BatchCreation.ParentEnded, await batch.Store.Create("inner", null, "nowhere", []));
        Assert.Null(await batch.Store.Find("inner"));
    }

    [Fact]
    public async Task Batch_that_exists_is_not_created_again_and_tells_whether_it_was_filled()
    {
        await using var batch = await OpenBatch.Begin();
        Assert.Equal(BatchCreation.BeingFilled, await batch.Store.Create("b", "again", null, []));

        await batch.Store.Seal("b", messages: 0);

        Assert.Equal(BatchCreation.Filled, await batch.Store.Create("b", "again", null, []));
        Assert.Equal("Import", (await batch.Find()).Description);
    }

    [Fact]
    public async Task Batch_that_has_ended_takes_no_more_jobs()
    {
        await using var batch = await OpenBatch.Open();

        var ended = await Assert.ThrowsAsync<BatchEndedException>(() => batch.Push("1", "b"));
        await Assert.ThrowsAsync<BatchEndedException>(() => batch.Push("1", "nowhere"));

        Assert.Equal("b", ended.BatchId);
        Assert.Empty(await batch.Steps.Redis.Queue("orders"));
        Assert.False(await batch.Store.Seal("nowhere", messages: 1));
    }

    [Fact]
    public async Task Batch_lives_thirty_days_after_a_change_and_one_after_success()
    {
        await using var batch = await OpenBatch.Open("1");
        Assert.InRange(await batch.Left("mt:batch:b"), TimeSpan.FromDays(29), TimeSpan.FromDays(30));
        Assert.InRange(await batch.Left("mt:batch:b:open"), TimeSpan.FromDays(29), TimeSpan.FromDays(30));

        await batch.End("1");

        Assert.InRange(await batch.Left("mt:batch:b"), TimeSpan.FromHours(23), TimeSpan.FromHours(24));
        Assert.False(await batch.Steps.Redis.Db.KeyExistsAsync("mt:batch:b:open"));
    }

    [Fact]
    public async Task Callback_that_its_queue_refuses_waits_in_the_scheduled_set()
    {
        await using var batch = await OpenBatch.Open("1");
        await batch.Steps.Redis.Db.StringSetAsync("queue:callbacks", "not a list");

        await batch.End("1");

        var waiting = await batch.Steps.Redis.ScheduledSet();
        Assert.Equal(
            ["cb-complete", "cb-success"],
            waiting.Select(entry => SidekiqJob.Parse(entry.Job.Bytes(), "").Jid).Order(StringComparer.Ordinal)
        );
        Assert.Null(SidekiqJob.Parse(waiting[0].Job.Bytes(), "").EnqueuedAt);
    }

    [Theory]
    [InlineData("mt:batch:b")]
    [InlineData("mt:batch:b:open")]
    public async Task Job_ends_although_a_key_of_its_batch_is_another_clients(string key)
    {
        await using var batch = await OpenBatch.Open("1");
        await batch.Steps.Redis.Db.KeyDeleteAsync(key);
        await batch.Steps.Redis.Db.StringSetAsync(key, "another client's");

        await batch.End("1");

        Assert.Equal("another client's", await batch.Steps.Redis.Db.StringGetAsync(key));
        Assert.Empty(await batch.Callbacks());
        await Assert.ThrowsAsync<BatchEndedException>(() => batch.Push("2", "b"));
    }

    [Fact]
    public async Task Full_Redis_takes_the_end_of_a_job_with_its_callbacks_and_no_new_job()
    {
        await using var server = await RedisServer.StartOwn();
        await using var batch = await OpenBatch.On(RedisSteps.On(server), "1");
        await batch.Claimed(1);
        await batch.Steps.Redis.Db.ExecuteAsync("CONFIG", "SET", "maxmemory", "1");

        await Assert.ThrowsAnyAsync<ConnectionException>(() => batch.Push("2", "b"));
        Assert.True(
            await batch.Tied.End(
                new Delivery("orders", 1),
                new JobTies(null, new BatchMember("b", "1")),
                BatchOutcome.Success
            )
        );

        Assert.Equal(["complete", "success"], await batch.Callbacks());
        Assert.Equal(1, (await batch.Find()).Total);
    }

    [Fact]
    public async Task Step_of_a_claim_that_is_gone_tells_the_batch_nothing()
    {
        await using var batch = await OpenBatch.Open("1");
        var ties = new JobTies(null, new BatchMember("b", "1"));
        var gone = new Delivery("orders", 99);

        Assert.False(await batch.Tied.End(gone, ties, BatchOutcome.Success));
        Assert.False(await batch.Steps.Claims.Retry(gone, "{}".Bytes(), now, ties));
        Assert.False(await batch.Steps.Claims.Bury(gone, "{}".Bytes(), now, ties));
        Assert.False(await batch.Steps.Claims.MoveTo(gone, "other", "{}".Bytes(), ties));

        Assert.Equal((1, 0), ((await batch.Find()).Pending, (await batch.Find()).Failed));
    }

    [Fact]
    public async Task Redelivered_job_stays_in_its_batch_under_its_new_id()
    {
        await using var batch = await OpenBatch.Open("1");
        await batch.Claimed(1);

        Assert.True(
            await batch.Steps.Claims.Reschedule(
                new Delivery("orders", 1),
                """{"class":"A","args":[],"jid":"2"}""".Bytes(),
                now,
                ties: new JobTies(null, new BatchMember("b", "1"))
            )
        );
        await batch.End("1");
        Assert.Empty(await batch.Callbacks());

        await batch.End("2");
        Assert.Equal(["complete", "success"], await batch.Callbacks());
    }

    [Fact]
    public async Task Job_that_kills_its_processes_is_dead_for_its_batch()
    {
        await using var batch = await OpenBatch.Begin();
        await batch.Push("1", "b", """{"class":"A","args":[],"jid":"1","mt_batch":"b"}""");
        await batch.Store.Seal("b", messages: 1);
        await batch.Steps.Alive("orders");
        await batch.Steps.Claim(1, "orders");
        await batch.Steps.Die();

        await batch.Steps.Another().Leases.Rescue(new Orphan("host:1:a", "orders"), now, poisonLimit: 1);

        Assert.Equal(["death", "complete"], await batch.Callbacks());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Job_that_is_deleted_where_it_waits_counts_as_dropped(bool isQueue)
    {
        await using var batch = await OpenBatch.Open("1");
        var (job, ties) = ("job"u8.ToArray(), new JobTies(null, new BatchMember("b", "1")));
        await batch.Steps.Redis.SeedQueue("mail", "job");
        await batch.Steps.Redis.SeedScheduledSet("job", now);

        Assert.True(
            await (isQueue ? batch.Tied.Remove("mail", job, ties) : batch.Tied.Remove(DueSet.Schedule, job, ties))
        );

        Assert.Equal(["complete", "success"], await batch.Callbacks());
        Assert.Equal(1, (await batch.Find()).Dropped);
    }

    [Fact]
    public async Task Job_whose_scheduling_is_cancelled_counts_as_dropped()
    {
        var token = Guid.NewGuid();
        await using var batch = await OpenBatch.Begin();
        await batch.Tied.Push(
            new TiedPush(
                "orders",
                "A",
                "1",
                Encoding.UTF8.GetBytes(
                    $$$"""{"class":"A","args":[],"jid":"1","mt_batch":"b","mt":{"token":"{{{token:D}}}"}}"""
                )
            )
            {
                Batch = "b",
                Due = now.AddHours(1),
                Token = token,
            }
        );
        await batch.Store.Seal("b", messages: 1);

        Assert.True(await batch.Steps.Jobs.CancelScheduled(token));

        Assert.Equal(["complete", "success"], await batch.Callbacks());
        Assert.Equal(1, (await batch.Find()).Dropped);
    }

    [Fact]
    public async Task Ten_thousand_jobs_that_end_in_four_processes_at_once_bring_each_callback_once()
    {
        const int jobs = 10_000;
        string[] jids = [.. Enumerable.Range(0, jobs).Select(i => $"{i}")];
        await using var batch = await OpenBatch.Open(jids);
        await batch.Claimed(jobs);
        TiedJobStore[] processes =
        [
            .. Enumerable.Range(0, 4).Select(_ => new TiedJobStore(batch.Steps.Connection, batch.Steps.Keys)),
        ];

        await Task.WhenAll(
            processes.Select(
                async (process, number) =>
                {
                    foreach (var mine in jids.Where((_, i) => i % 4 == number).Chunk(100))
                    {
                        await Task.WhenAll(
                            mine.Select(jid =>
                                process.End(
                                    new Delivery("orders", int.Parse(jid, null) + 1),
                                    new JobTies(null, new BatchMember("b", jid)),
                                    BatchOutcome.Success
                                )
                            )
                        );
                    }
                }
            )
        );

        Assert.Equal(["complete", "success"], await batch.Callbacks());
        Assert.Equal((jobs, 0), ((await batch.Find()).Total, (await batch.Find()).Pending));
    }
}
