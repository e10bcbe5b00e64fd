using System.Text.Json;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>What we believe of Ruby's Sidekiq: the ground that the transport's promises to it stand on.</summary>
public class RubySidekiqTests
{
    [Fact]
    public async Task Client_push_writes_the_six_fields_that_every_job_has_and_enqueued_at()
    {
        await using var redis = await RedisServer.Lease();

        var jid = (
            await Ruby.Eval(redis, "Sidekiq::Client.push('class' => 'OkJob', 'args' => [1, 'é', nil])")
        ).GetString();

        var job = JsonElement.Parse(Assert.Single(await redis.Queue("default")));
        Assert.Equal(
            ["args", "class", "created_at", "enqueued_at", "jid", "queue", "retry"],
            job.EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal)
        );
        Assert.Equal("""[1,"é",null]""", job.GetProperty("args").GetRawText());
        Assert.Equal("OkJob", job.GetProperty("class").GetString());
        Assert.Matches("^[0-9a-f]{24}$", job.GetProperty("jid").GetString());
        Assert.Equal(jid, job.GetProperty("jid").GetString());
        Assert.Equal("default", job.GetProperty("queue").GetString());
        Assert.True(job.GetProperty("retry").GetBoolean());
        Assert.Matches(@"^\d{10}\.\d+$", job.GetProperty("created_at").GetRawText());
        Assert.Matches(@"^\d{10}\.\d+$", job.GetProperty("enqueued_at").GetRawText());
        Assert.Equal(["default"], await redis.Queues());
    }

    [Fact]
    public async Task Client_push_of_a_job_for_later_writes_neither_at_nor_enqueued_at()
    {
        await using var redis = await RedisServer.Lease();

        await Ruby.Eval(redis, "Sidekiq::Client.push('class' => 'OkJob', 'args' => [], 'at' => 4_000_000_000.5)");

        var entry = Assert.Single(await redis.ScheduledSet());
        Assert.Equal(4_000_000_000.5, entry.Score);
        var job = JsonElement.Parse(entry.Job);
        Assert.False(job.TryGetProperty("at", out _));
        Assert.False(job.TryGetProperty("enqueued_at", out _));
    }

    [Fact]
    public async Task Worker_runs_a_job_from_its_queue()
    {
        await using var redis = await RedisServer.Lease();
        var jid = await Ruby.Eval(
            redis,
            "Sidekiq::Client.push('class' => 'OkJob', 'queue' => 'orders', 'args' => [{a: 1}])"
        );

        await using var worker = await RubySidekiq.Start(redis, "jobs.rb", ["orders"]);
        await worker.Done(jid.GetString()!);

        Assert.Empty(await redis.Queue("orders"));
        var ran = (string?)await redis.Db.ListRightPopAsync("ran");
        Assert.Equal($$"""["OkJob","{{jid}}",[{"a":1}]]""", ran);
    }

    [Fact]
    public async Task Worker_puts_a_job_that_failed_in_the_retry_set()
    {
        await using var redis = await RedisServer.Lease();
        var jid = await Ruby.Eval(
            redis,
            "Sidekiq::Client.push('class' => 'FailJob', 'args' => ['boom'], 'retry' => 3)"
        );

        await using var worker = await RubySidekiq.Start(redis, "jobs.rb");
        await worker.Failed(jid.GetString()!);
        await redis.Until(async state => (await state.RetrySet()).Length == 1);

        var job = JsonElement.Parse((await redis.RetrySet())[0].Job);
        Assert.Equal(0, job.GetProperty("retry_count").GetInt32());
        Assert.Equal("boom", job.GetProperty("error_message").GetString());
    }
}
