using MassTransit.Courier.Contracts;

namespace MassTransit.Sidekiq.Tests;

public sealed class RoutingSlipTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Slip_runs_its_activities_and_completes_with_their_variables()
    {
        await using var redis = await RedisServer.Lease();
        var (completed, compensated) = (new Seen<Received<RoutingSlipCompleted>>(), new Seen<string>());
        await using var bus = await Start(redis, completed, new(), compensated);

        await bus.Harness.Bus.Execute(Slip(("First", false), ("Second", false)));

        var slip = (await completed.Next()).Context;
        Assert.Equal("First done", slip.GetVariable<string>("First"));
        Assert.Equal("Second done", slip.GetVariable<string>("Second"));
        Assert.Equal(41, slip.GetVariable<int>("Count"));
        Assert.Empty(compensated.All);
    }

    [Fact]
    public async Task Failed_slip_is_compensated_backwards_and_faults()
    {
        await using var redis = await RedisServer.Lease();
        var (faulted, compensated) = (new Seen<RoutingSlipFaulted>(), new Seen<string>());
        await using var bus = await Start(redis, new(), faulted, compensated);

        await bus.Harness.Bus.Execute(Slip(("First", false), ("Second", false), ("Third", true)));

        var slip = await faulted.Next();
        Assert.Equal(["Second", "First"], compensated.All);
        Assert.Equal("Third fails", Assert.Single(slip.ActivityExceptions).ExceptionInfo.Message);
        Assert.Empty(await redis.RetrySet());
        Assert.Empty(await redis.DeadSet());
    }

    Task<TestBus> Start(
        RedisDatabase redis,
        Seen<Received<RoutingSlipCompleted>> completed,
        Seen<RoutingSlipFaulted> faulted,
        Seen<string> compensated
    ) =>
        TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.ReceiveEndpoint(
                    "undo",
                    e => e.CompensateActivityHost<StepActivity, StepLog>(() => new StepActivity(compensated))
                );
                cfg.ReceiveEndpoint(
                    "step",
                    e =>
                        e.ExecuteActivityHost<StepActivity, StepArguments>(
                            new Uri("queue:undo"),
                            () => new StepActivity(compensated)
                        )
                );
                cfg.ReceiveEndpoint(
                    "slips",
                    e =>
                    {
                        e.Note(completed);
                        e.Note(faulted);
                    }
                );
            }
        );

    static RoutingSlip Slip(params (string Name, bool Fails)[] steps)
    {
        var builder = new RoutingSlipBuilder(NewId.NextGuid());
        builder.AddVariable("Count", 41);
        foreach (var (name, fails) in steps)
        {
            builder.AddActivity(name, new Uri("queue:step"), new { Name = name, Fails = fails });
        }

        return builder.Build();
    }

    public sealed record StepArguments
    {
        public string Name { get; init; } = "";

        public bool Fails { get; init; }
    }

    public sealed record StepLog(string Name);

    public sealed class StepActivity(Seen<string> compensated) : IActivity<StepArguments, StepLog>
    {
        public Task<ExecutionResult> Execute(ExecuteContext<StepArguments> context)
        {
            var step = context.Arguments;
            return step.Fails
                ? throw new InvalidOperationException($"{step.Name} fails")
                : Task.FromResult(
                    context.CompletedWithVariables(
                        new StepLog(step.Name),
                        new Dictionary<string, object> { [step.Name] = $"{step.Name} done" }
                    )
                );
        }

        public Task<CompensationResult> Compensate(CompensateContext<StepLog> context)
        {
            compensated.Add(context.Log.Name);
            return Task.FromResult(context.Compensated());
        }
    }
}
