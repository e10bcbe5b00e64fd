using MassTransit.Testing;

namespace MassTransit.Sidekiq.Tests;

public sealed class JobDeathTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Handler_hears_of_a_death_once_with_the_job_and_its_last_exception()
    {
        await using var redis = await RedisServer.Lease();
        var deaths = new Seen<(SidekiqJob Job, Exception Cause)>();
        await using var bus = await Start(redis, deaths, "retry");

        await bus.Send("orders", new SubmitOrder(1));
        await redis.Retried();
        Assert.Empty(deaths.All);
        await redis.RetryNow();

        var (job, cause) = await deaths.Next();
        Assert.Equal("no", Assert.IsType<InvalidOperationException>(cause).Message);
        Assert.Equal(("orders", 1, "no"), (job.Queue, job.RetryCount, job.ErrorMessage));
        Assert.Equal(Assert.Single(await redis.DeadSet()).Job, job.RawJson);
        await bus.Harness.Stop();
        Assert.Single(deaths.All);
    }

    [Theory]
    [InlineData("\"retry\":false")]
    [InlineData("\"retry\":0,\"dead\":false")]
    public async Task Job_that_is_dropped_dies_as_well(string options)
    {
        await using var redis = await RedisServer.Lease();
        var deaths = new Seen<(SidekiqJob Job, Exception Cause)>();
        await using var bus = await Start(redis, deaths, "retry");

        await redis.SeedQueue(
            "orders",
            $$"""{{{options}},"class":"MassTransit::Sidekiq::Tests::SubmitOrder","args":[{"orderId":1}],"jid":"d1ed"}"""
        );

        Assert.Equal("d1ed", (await deaths.Next()).Job.Jid);
        await bus.Harness.Stop();
        Assert.Empty(await redis.DeadSet());
        Assert.Single(deaths.All);
    }

    [Fact]
    public async Task Handler_that_fails_harms_neither_the_job_nor_the_next_handler()
    {
        await using var redis = await RedisServer.Lease();
        var deaths = new Seen<(SidekiqJob Job, Exception Cause)>();
        await using var bus = await Start(redis, deaths, "throw");

        await redis.SeedQueue(
            "orders",
            """{"retry":0,"class":"MassTransit::Sidekiq::Tests::SubmitOrder","args":[{"orderId":1}]}"""
        );

        await deaths.Next();
        Assert.Single(await redis.DeadSet());
        await bus.Harness.Stop();
        Assert.DoesNotContain(await redis.Keys(), key => key.StartsWith("mt:working", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0, 1, "DeadMaxJobs")]
    [InlineData(1, 0, "DeadTimeout")]
    public void Limits_of_the_dead_set_are_positive(int jobs, int days, string culprit)
    {
        var fault = Assert.Throws<ConfigurationException>(() =>
            MassTransit.Bus.Factory.CreateUsingSidekiq(cfg =>
                cfg.Host(host => (host.DeadMaxJobs, host.DeadTimeout) = (jobs, TimeSpan.FromDays(days)))
            )
        );

        Assert.Contains(culprit, fault.Message, StringComparison.Ordinal);
    }

    Task<TestBus> Start(RedisDatabase redis, Seen<(SidekiqJob, Exception)> deaths, string handler) =>
        TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                if (handler == "throw")
                {
                    cfg.OnJobDeath((_, _) => throw new InvalidOperationException("a fault in the handler"));
                }

                cfg.OnJobDeath(Note(deaths));
                cfg.UseSidekiqRetry(r => r.Limit(1));
                cfg.ReceiveEndpoint(
                    "orders",
                    e => e.Handler<SubmitOrder>(_ => throw new InvalidOperationException("no"))
                );
            }
        );

    static Func<SidekiqJob, Exception, Task> Note(Seen<(SidekiqJob, Exception)> deaths) =>
        (job, cause) =>
        {
            deaths.Add((job, cause));
            return Task.CompletedTask;
        };
}
