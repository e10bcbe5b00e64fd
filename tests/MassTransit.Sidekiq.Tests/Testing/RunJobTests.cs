using MassTransit.Testing;

namespace MassTransit.Sidekiq.Tests.Testing;

public sealed class RunJobTests
{
    readonly Seen<Received<Charge>> seen = new();

    [Theory, InlineData(SidekiqTestMode.Fake), InlineData(SidekiqTestMode.Inline)]
    public async Task Job_of_Ruby_is_consumed_with_its_id(SidekiqTestMode mode)
    {
        await using var host = await TestedHost.Start(
            mode,
            configure: (_, cfg) => cfg.ReceiveEndpoint("charges", endpoint => endpoint.Note(seen))
        );

        var run = await host.Jobs.RunJob(Job("5"));

        run.Succeeded();
        Assert.Null(run.Stored);
        Assert.Equal("b4a577edbccf1d805744efa9", run.Job!.Jid);
        Assert.Equal(5, Assert.Single(seen.All).Message.Amount);
        Assert.Empty(await host.Jobs.Jobs());
    }

    [Theory]
    [InlineData("\"retry\":true,", SidekiqOutcome.Retried)]
    [InlineData("\"retry\":0,", SidekiqOutcome.Dead)]
    [InlineData("\"retry\":false,", SidekiqOutcome.Discarded)]
    [InlineData("\"retry\":0,\"dead\":false,", SidekiqOutcome.Discarded)]
    public async Task Failed_job_ends_by_its_options(string options, SidekiqOutcome expected)
    {
        await using var host = await StartFailing();

        var run = await host.Jobs.RunJob(Job("5", options));

        run.Ended(expected);
        Assert.Equal("No money.", Assert.IsType<TimeoutException>(run.Error).Message);
        Assert.Equal(expected == SidekiqOutcome.Retried, run.At is not null);
        if (expected != SidekiqOutcome.Discarded)
        {
            Assert.Equal("System.TimeoutException", run.Stored!.ErrorClass);
        }
    }

    [Fact]
    public async Task Job_that_cannot_be_consumed_tells_why()
    {
        await using var host = await StartFailing();

        var misfit = await host.Jobs.RunJob(Job("\"much\""));
        misfit.Ended(SidekiqOutcome.Retried);
        Assert.IsType<JobArgumentsException>(misfit.Error, exactMatch: false);

        var unknown = await host.Jobs.RunJob("""{"class":"Refund","queue":"charges","args":[1]}""");
        unknown.Ended(SidekiqOutcome.Retried);
        Assert.IsType<UnknownJobClassException>(unknown.Error);

        var unreadable = await host.Jobs.RunJob("no job", queue: "charges");
        unreadable.Ended(SidekiqOutcome.Unreadable);
    }

    [Fact]
    public async Task Expired_job_does_not_run()
    {
        await using var host = await StartFailing();

        var run = await host.Jobs.RunJob(Job("5", "\"expires_in\":1,\"created_at\":1.5,"));

        run.Ended(SidekiqOutcome.Expired);
        Assert.Null(run.Error);
    }

    [Fact]
    public async Task Failed_job_is_moved_to_the_error_queue()
    {
        await using var host = await TestedHost.Start(
            SidekiqTestMode.Fake,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "charges",
                    endpoint =>
                    {
                        endpoint.UseErrorQueue();
                        endpoint.Handler<Charge>(_ => throw new TimeoutException("No money."));
                    }
                )
        );

        var failed = (await host.Jobs.RunJob(Job("5"))).Ended(SidekiqOutcome.Moved);
        Assert.Equal("charges_error", failed.MovedTo);
        Assert.Equal("No money.", failed.Error?.Message);
    }

    [Fact]
    public async Task Death_handlers_are_called()
    {
        var deaths = new Seen<string>();
        await using var host = await TestedHost.Start(
            SidekiqTestMode.Fake,
            configure: (_, cfg) =>
            {
                cfg.OnJobDeath(
                    (job, fault) =>
                    {
                        deaths.Add($"{job.Class}: {fault.Message}");
                        return Task.CompletedTask;
                    }
                );
                cfg.ReceiveEndpoint(
                    "charges",
                    endpoint => endpoint.Handler<Charge>(_ => throw new TimeoutException("No money."))
                );
            }
        );

        await host.Jobs.RunJob(Job("5", "\"retry\":0,"));

        Assert.Equal(["Charge: No money."], deaths.All);
    }

    static Task<TestedHost> StartFailing() =>
        TestedHost.Start(
            SidekiqTestMode.Fake,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "charges",
                    endpoint => endpoint.Handler<Charge>(_ => throw new TimeoutException("No money."))
                )
        );

    static string Job(string amount, string options = "") =>
        $$"""{"class":"Charge","queue":"charges","args":[{"amount":{{amount}}}],{{options}}"jid":"b4a577edbccf1d805744efa9"}""";

    [SidekiqJob("Charge")]
    public sealed record Charge(int Amount);
}
