using MassTransit.Contracts.JobService;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests;

public sealed class JobConsumerTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Long_job_is_submitted_runs_and_completes()
    {
        await using var redis = await RedisServer.Lease();
        var (ran, completed) = (new Seen<Encode>(), new Seen<JobCompleted<Encode>>());
        await using var bus = await TestBus.Start(
            redis,
            output,
            x =>
            {
                x.AddSingleton(ran);
                x.SetKebabCaseEndpointNameFormatter();
                x.AddConsumer<EncodeConsumer>(consumer =>
                    consumer.Options<JobOptions<Encode>>(options => options.SetConcurrentJobLimit(2))
                );
                x.SetJobConsumerOptions();
                // A job that comes before the instance has announced itself asks again soon, not in half a minute.
                x.AddJobSagaStateMachines(options => options.SlotWaitTime = TimeSpan.FromSeconds(1));
            },
            (_, cfg) => cfg.ReceiveEndpoint("completed", e => e.Note(completed))
        );

        var client = bus.Harness.Bus.CreateRequestClient<SubmitJob<Encode>>();
        var id = await client.SubmitJob(new Encode("film"), TestContext.Current.CancellationToken).InTime();

        Assert.Equal("film", (await ran.Next()).Path);
        var ended = await completed.Next();
        Assert.Equal((id, "film"), (ended.JobId, ended.Job.Path));
        Assert.Empty(await redis.RetrySet());
        Assert.Empty(await redis.DeadSet());
    }

    [Fact]
    public async Task Failed_command_of_the_job_service_is_announced_at_once_since_that_retries_by_itself()
    {
        await using var redis = await RedisServer.Lease();
        var faults = new Seen<Fault<StartJob>>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.ReceiveEndpoint(
                    "instance",
                    e => e.Handler<StartJob>(_ => throw new InvalidOperationException("no slot"))
                );
                cfg.ReceiveEndpoint("faults", e => e.Note(faults));
            }
        );

        await bus.Harness.Bus.Publish<StartJob>(new { JobId = NewId.NextGuid() });

        Assert.Equal("no slot", (await faults.Next()).Exceptions[0].Message);
        await redis.Until(async state => (await state.DeadSet()).Length == 1);
        Assert.Empty(await redis.RetrySet());
    }

    public sealed record Encode(string Path);

    public sealed class EncodeConsumer(Seen<Encode> ran) : IJobConsumer<Encode>
    {
        public Task Run(JobContext<Encode> context)
        {
            ran.Add(context.Job);
            return Task.CompletedTask;
        }
    }
}
