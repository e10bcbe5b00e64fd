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
                x.AddJobSagaStateMachines();
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
