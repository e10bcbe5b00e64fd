namespace MassTransit.Sidekiq.Tests.Redis;

public class BatchListTests
{
    [Fact]
    public async Task Batch_whose_jobs_are_another_clients_key_is_read_without_them()
    {
        await using var batch = await OpenBatch.Open("1");
        await batch.Steps.Redis.Db.KeyDeleteAsync("mt:batch:b:open");
        await batch.Steps.Redis.Db.StringSetAsync("mt:batch:b:open", "another client's");

        Assert.Empty(await batch.Store.Jobs("b", most: 10));
        Assert.Equal(1, (await batch.Find()).Pending);
    }

    [Fact]
    public async Task Batches_are_listed_the_newest_first_and_with_the_worst_of_their_jobs()
    {
        await using var batch = await OpenBatch.Open("1", "2", "3");
        await batch.Store.Create("second", null, null, []);
        await batch.Fail("2");
        await batch.Die("3");

        Assert.Equal(["second", "b"], (await batch.Store.List(0, 10)).Select(listed => listed.Id));
        Assert.Equal(["b"], (await batch.Store.List(1, 10)).Select(listed => listed.Id));
        Assert.Equal(2, await batch.Store.Count());
        Assert.Equal(
            [("3", SidekiqBatchJobState.Dead), ("2", SidekiqBatchJobState.Failed), ("1", SidekiqBatchJobState.Open)],
            (await batch.Store.Jobs("b", most: 10)).Select(job => (job.Id, job.State))
        );
        Assert.Single(await batch.Store.Jobs("b", most: 1));
    }

    [Fact]
    public async Task Deleted_batch_leaves_nothing_but_its_jobs()
    {
        await using var batch = await OpenBatch.Open("1");

        Assert.True(await batch.Store.Delete("b"));
        Assert.False(await batch.Store.Delete("b"));
        await batch.End("1");

        Assert.Null(await batch.Store.Find("b"));
        Assert.Empty(await batch.Callbacks());
        Assert.Equal(0, await batch.Store.Count());
    }

    [Fact]
    public async Task Batch_around_one_that_is_deleted_does_not_wait_for_it()
    {
        await using var batch = await OpenBatch.Begin();
        await batch.Store.Create("inner", null, "b", []);
        await batch.Store.Seal("b", messages: 0);
        Assert.Empty(await batch.Callbacks());

        Assert.True(await batch.Store.Delete("inner"));

        Assert.Equal(["complete", "success"], await batch.Callbacks());
        Assert.Equal(1, (await batch.Find()).Dropped);
    }

    [Fact]
    public async Task Names_of_batches_that_are_gone_leave_as_others_are_started()
    {
        await using var batch = await OpenBatch.Begin();
        foreach (var i in Enumerable.Range(0, 30))
        {
            await batch.Store.Create($"gone{i}", null, null, []);
            await batch.Steps.Redis.Db.KeyDeleteAsync($"mt:batch:gone{i}");
        }

        Assert.InRange(await batch.Store.Count(), 1, 29);
    }
}
