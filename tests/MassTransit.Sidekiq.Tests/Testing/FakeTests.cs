using System.Diagnostics;
using MassTransit.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MassTransit.Sidekiq.Tests.Testing;

public sealed class FakeTests(ITestOutputHelper output)
{
    readonly Seen<Note> seen = new();

    [Fact]
    public async Task Host_without_a_server_starts_sends_and_stops_at_once()
    {
        var watch = Stopwatch.StartNew();
        var host = await TestedHost.Start(SidekiqTestMode.Fake, configure: Nowhere);
        await host.Send("notes", new Note("hello"));
        await host.Jobs.Enqueued<Note>();
        var sent = watch.Elapsed;
        await host.DisposeAsync();

        // The time limit of one attempt to connect.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"{watch.Elapsed}");
        output.WriteLine(
            $"start, send and assert: {sent.TotalMilliseconds:0} ms; stop: {(watch.Elapsed - sent).TotalMilliseconds:0} ms"
        );
    }

    [Fact]
    public async Task Job_shows_all_that_Ruby_would_see()
    {
        await using var host = await TestedHost.Start(
            SidekiqTestMode.Fake,
            configure: (_, cfg) =>
                cfg.Job<Note>(job =>
                    job.Class("Notes::Keep").Retry(3).Tags("a", "b").UniqueFor(TimeSpan.FromMinutes(1))
                )
        );

        await host.Send("notes", new Note("hello"), x => x.TimeToLive = TimeSpan.FromSeconds(30));

        (await host.Jobs.Enqueued<Note>())
            .OfClass("Notes::Keep")
            .OnQueue("notes")
            .WithArgs(new { Text = "hello" })
            .WithRetry(3)
            .WithTags("a", "b")
            .WithOption("unique_for", 60)
            .WithOption("expires_in", 30)
            .WithOption("dead", null);
        Assert.NotNull((await host.Jobs.Enqueued("Notes::Keep")).Job.EnqueuedAt);
    }

    [Fact]
    public async Task Publish_becomes_one_job_for_each_subscriber_and_drain_runs_them()
    {
        var other = new Seen<Note>();
        await using var host = await TestedHost.Start(
            SidekiqTestMode.Fake,
            configure: (_, cfg) =>
            {
                cfg.ReceiveEndpoint("one", endpoint => endpoint.Note(seen));
                cfg.ReceiveEndpoint("two", endpoint => endpoint.Note(other));
            }
        );

        await host.Bus.Publish(new Note("to all"));

        Assert.Equal(["one", "two"], (await host.Jobs.AllEnqueued<Note>()).Select(job => job.Queue).Order());
        Assert.Empty(seen.All);
        Assert.Single(await host.Jobs.Drain("one"));
        Assert.Single(seen.All);
        Assert.Empty(other.All);
        await host.Jobs.Drain();
        Assert.Single(other.All);
        await host.Jobs.NoneEnqueued<Note>();
    }

    [Fact]
    public async Task Drain_runs_in_order_and_runs_what_the_jobs_enqueue()
    {
        await using var host = await TestedHost.Start(
            SidekiqTestMode.Fake,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "notes",
                    endpoint =>
                        endpoint.Handler<Note>(async context =>
                        {
                            seen.Add(context.Message);
                            if (context.Message.Text == "first")
                            {
                                await context.Send(new Uri("queue:notes"), new Note("third"));
                            }
                        })
                )
        );
        await host.Send("notes", new Note("first"));
        await host.Send("notes", new Note("second"));

        var runs = await host.Jobs.Drain("notes");

        Assert.Equal(["first", "second", "third"], seen.All.Select(note => note.Text));
        Assert.All(runs, run => run.Succeeded());
    }

    [Fact]
    public async Task Failed_job_waits_in_the_retry_set_until_its_retries_are_run()
    {
        await using var host = await TestedHost.Start(
            SidekiqTestMode.Fake,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "notes",
                    endpoint => endpoint.Handler<Note>(_ => throw new InvalidOperationException("No ink."))
                )
        );
        await host.Send("notes", new Note("hello"), x => x.Job(job => job.Retry = 1));

        var failure = await Assert.ThrowsAsync<SidekiqTestException>(() => host.Jobs.Drain("notes"));
        Assert.Equal("No ink.", failure.InnerException!.Message);
        Assert.Contains("1 of 1 jobs failed", failure.Message, StringComparison.Ordinal);
        await host.Jobs.NoneEnqueued<Note>();

        var last = Assert.Single(await host.Jobs.RunRetries(throwOnFailure: false));
        Assert.Equal(SidekiqOutcome.Dead, last.Outcome);
        Assert.Equal(1, last.Stored!.RetryCount);
        Assert.Empty(await host.Jobs.RunRetries());
    }

    [Fact]
    public async Task Cancelled_schedule_is_gone_and_only_what_is_due_runs()
    {
        await using var host = await TestedHost.Start(
            SidekiqTestMode.Fake,
            configure: (_, cfg) => cfg.ReceiveEndpoint("notes", endpoint => endpoint.Note(seen))
        );
        await using var scope = host.Services.CreateAsyncScope();
        var scheduler = scope.ServiceProvider.GetRequiredService<IMessageScheduler>();
        var (noon, queue) = (TestClock.Start, new Uri("queue:notes"));

        var cancelled = await scheduler.ScheduleSend(queue, noon.UtcDateTime, new Note("cancelled"));
        await scheduler.ScheduleSend(queue, noon.AddHours(2).UtcDateTime, new Note("late"));
        await scheduler.SchedulePublish(noon.AddHours(1).UtcDateTime, new Note("early"));
        await scheduler.CancelScheduledSend(queue, cancelled.TokenId);

        await host.Jobs.RunScheduled(dueBy: noon.AddHours(1.5));
        Assert.Equal(["early"], seen.All.Select(note => note.Text));
        (await host.Jobs.Enqueued<Note>()).DueAt(noon.AddHours(2));
        await host.Jobs.RunScheduled();
        Assert.Equal(["early", "late"], seen.All.Select(note => note.Text));
    }

    [Fact]
    public async Task Response_reaches_its_client_once_the_request_is_drained()
    {
        await using var host = await TestedHost.Start(
            SidekiqTestMode.Fake,
            x => x.AddRequestClient<Note>(new Uri("queue:notes")),
            (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "notes",
                    endpoint =>
                        endpoint.Handler<Note>(context => context.RespondAsync(new Answer(context.Message.Text)))
                )
        );
        await using var scope = host.Services.CreateAsyncScope();
        var client = scope.ServiceProvider.GetRequiredService<IRequestClient<Note>>();

        var asking = client.GetResponse<Answer>(new Note("who?"));
        await Until(async () => (await host.Jobs.AllEnqueued<Note>()).Count == 1);
        await host.Jobs.Drain();

        Assert.Equal("who?", (await asking.InTime()).Message.Text);
        Assert.Empty(await host.Jobs.Jobs());
    }

    [Fact]
    public async Task What_needs_Redis_says_that_there_is_none_and_health_is_good()
    {
        await using var host = await TestedHost.Start(SidekiqTestMode.Fake, configure: Nowhere);

        var refused = await Assert.ThrowsAsync<NotSupportedException>(() =>
            host.Services.GetRequiredService<ISidekiqInspector>().Queues().InTime()
        );
        Assert.Contains("SidekiqTestMode.Redis", refused.Message, StringComparison.Ordinal);
        var health = await host
            .Services.GetRequiredService<HealthCheckService>()
            .CheckHealthAsync(CancellationToken.None);
        Assert.Equal(HealthStatus.Healthy, health.Status);
    }

    [Fact]
    public async Task Last_harness_that_was_added_decides()
    {
        await using var host = await TestedHost.Start(
            SidekiqTestMode.Inline,
            services: services => services.AddSidekiqTestHarness(SidekiqTestMode.Redis)
        );

        Assert.Equal(SidekiqTestMode.Inline, host.Jobs.Mode);
    }

    [Fact]
    public async Task Job_of_a_batch_shows_it()
    {
        await using var host = await TestedHost.Start(SidekiqTestMode.Fake, configure: Nowhere);
        await using var scope = host.Services.CreateAsyncScope();

        var id = await scope
            .ServiceProvider.GetRequiredService<ISidekiqBatches>()
            .Start(
                batch => batch.OnSuccess(new Uri("queue:told"), new Note("done")),
                batch => batch.Send(new Uri("queue:notes"), new Note("one"), CancellationToken.None),
                CancellationToken.None
            );

        var job = Assert.Single(await host.Jobs.Jobs());
        Assert.Equal((id, "notes"), (job.Job.BatchId, job.Queue));
    }

    [Fact]
    public async Task Cleared_harness_is_empty()
    {
        await using var host = await TestedHost.Start(SidekiqTestMode.Fake);
        await host.Send("notes", new Note("now"));
        await host.Send("notes", new Note("later"), x => x.Delay = TimeSpan.FromHours(1));
        Assert.Equal(2, (await host.Jobs.Jobs()).Count);

        await host.Jobs.Clear();

        Assert.Empty(await host.Jobs.Jobs());
    }

    // A server that would not answer.
    static void Nowhere(IBusRegistrationContext context, ISidekiqBusFactoryConfigurator cfg) =>
        cfg.Host("redis://192.0.2.1:1/0");

    public sealed record Note(string Text);

    public sealed record Answer(string Text);
}
