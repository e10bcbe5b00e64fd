using System.Text;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests;

/// <summary>Jobs are counted together on every road, and what is told of them comes once.</summary>
public sealed class JobBatchTests(ITestOutputHelper output)
{
    static readonly CancellationToken never = CancellationToken.None;
    public static readonly Uri Steps = new("queue:steps");
    public static readonly Uri Events = new("queue:events");

    [Fact]
    public async Task Each_callback_comes_once_with_jobs_that_succeed_fail_and_die()
    {
        await using var redis = await RedisServer.Lease();
        var told = new Seen<string>();
        await using var bus = await Start(redis, told, context => Attempt(context, context.Message.Name));

        var id = await Begin(
            bus,
            async batch =>
            {
                await batch.Send(Steps, new Step("fine"), never);
                await batch.Send(Steps, new Step("fails once"), never);
                await batch.Send(Steps, new Step("dies"), x => x.Job(job => job.Retry = 0), never);
            }
        );

        // The one that failed waits in the retry set: each has run.
        Assert.Equal(["complete", "death"], await Sorted(told, 2));
        await redis.RetryNow();
        await redis.Until(async _ => (await Find(bus, id)).Pending == 1);
        Assert.Equal((1, 1, 2), await Numbers(bus, id));

        Assert.Equal(1, await Inspector(bus).DeadSet.RetryAll(never));
        Assert.Equal("success", await told.Next());
        var ended = await Find(bus, id);
        Assert.Equal((3, 0, 0), (ended.Total, ended.Pending, ended.Dead));
        Assert.Equal(3, told.All.Count);
    }

    [Theory]
    [InlineData("drop")]
    [InlineData("error queue")]
    public async Task Job_that_fails_without_a_retry_is_dead_for_its_batch_wherever_it_goes(string end)
    {
        await using var redis = await RedisServer.Lease();
        var told = new Seen<string>();
        await using var bus = await Start(
            redis,
            told,
            _ => throw new InvalidOperationException("as it was told"),
            e =>
            {
                if (end == "error queue")
                {
                    e.UseErrorQueue();
                }
            }
        );

        await Begin(
            bus,
            batch => batch.Send(Steps, new Step("1"), x => x.Job(job => (job.Retry, job.Dead) = (0, false)))
        );

        Assert.Equal(["complete", "death"], await Sorted(told, 2));
    }

    [Fact]
    public async Task Jobs_that_expire_or_are_cancelled_or_deleted_hold_up_no_batch()
    {
        await using var redis = await RedisServer.Lease();
        var told = new Seen<string>();
        await using var bus = await Start(redis, told, _ => Task.CompletedTask);
        await Inspector(bus).Pause("steps", never);

        var id = await Begin(
            bus,
            async batch =>
            {
                await batch.Send(Steps, new Step("late"), x => x.TimeToLive = TimeSpan.FromMilliseconds(1), never);
                await batch.Send(Steps, new Step("deleted"), never);
                await batch.Send(Steps, new Step("cancelled"), never);
                await batch.Send(Steps, new Step("scheduled"), x => x.Delay = TimeSpan.FromHours(1), never);
            }
        );
        var scheduled = Assert.Single(await redis.ScheduledSet());
        await Inspector(bus).Cancel(SidekiqJob.Parse(Encoding.UTF8.GetBytes(scheduled.Job), "").Jid!, never);
        var waiting = new List<SidekiqEntry>();
        await foreach (var entry in Inspector(bus).Jobs("steps", never))
        {
            waiting.Add(entry);
        }

        await Inspector(bus)
            .Delete(
                "steps",
                waiting.Single(entry => entry.Job!.RawJson.Contains("deleted", StringComparison.Ordinal)),
                never
            );
        await Inspector(bus)
            .Cancel(
                waiting.Single(entry => entry.Job!.RawJson.Contains("cancelled", StringComparison.Ordinal)).Job!.Jid!,
                never
            );
        await Inspector(bus).Unpause("steps", never);

        Assert.Equal(["complete", "success"], await Sorted(told, 2));
        Assert.Equal(4, (await Find(bus, id)).Dropped);
    }

    [Fact]
    public async Task Job_adds_others_to_its_own_batch_and_starts_one_within_it()
    {
        await using var redis = await RedisServer.Lease();
        var told = new Seen<string>();
        TestBus? started = null;
        await using var bus = await Start(
            redis,
            told,
            async context =>
            {
                var batch = context.GetJob().BatchId;
                if (context.Message.Name == "first")
                {
                    await context.Send(Steps, new Step("second"), x => x.Job(job => job.BatchId = batch));
                    await Begin(
                        started!,
                        inner => inner.Send(Steps, new Step("third"), never),
                        b => b.ParentId = batch,
                        name: "inner "
                    );
                }
            }
        );
        started = bus;

        var id = await Begin(bus, batch => batch.Send(Steps, new Step("first"), never));

        var all = (await told.Next(4)).ToList();
        Assert.Equal("success", all[^1]);
        Assert.True(all.IndexOf("inner success") < all.IndexOf("success"));
        Assert.Equal(3, (await Find(bus, id)).Total);
    }

    [Fact]
    public async Task Published_copies_are_jobs_of_the_batch_and_a_message_without_subscribers_holds_up_none()
    {
        await using var redis = await RedisServer.Lease();
        var told = new Seen<string>();
        await using var bus = await Start(redis, told, _ => Task.CompletedTask);

        var id = await Begin(
            bus,
            async batch =>
            {
                await batch.Publish(new Step("1"), never);
                await batch.Publish(new Unheard(), never);
            }
        );

        Assert.Equal(["complete", "success"], await Sorted(told, 2));
        Assert.Equal(1, (await Find(bus, id)).Total);
    }

    [Fact]
    public async Task Jobs_of_a_long_source_are_all_counted()
    {
        const int count = 2500;
        await using var redis = await RedisServer.Lease();
        var told = new Seen<string>();
        await using var bus = await Start(redis, told, _ => Task.CompletedTask);

        var id = await Begin(
            bus,
            async batch =>
                Assert.Equal(
                    count,
                    await batch.SendMany(
                        Steps,
                        Enumerable.Range(0, count).Select(number => new Step($"{number}")).ToAsyncEnumerable(),
                        cancellationToken: never
                    )
                )
        );

        Assert.Equal(["complete", "success"], await Sorted(told, 2));
        Assert.Equal(count, (await Find(bus, id)).Total);
    }

    [Theory]
    [InlineData(SidekiqConflict.Drop)]
    [InlineData(SidekiqConflict.Replace)]
    public async Task Unique_job_that_is_kept_out_holds_up_no_batch(SidekiqConflict conflict)
    {
        await using var redis = await RedisServer.Lease();
        var told = new Seen<string>();
        await using var bus = await Start(redis, told, _ => Task.CompletedTask);
        var unique = (SendContext x) =>
            x.Job(job => (job.UniqueFor, job.OnConflict) = (TimeSpan.FromMinutes(1), conflict));

        // The second one is dropped, or takes the place of the first in the scheduled set.
        var id = await Begin(
            bus,
            async batch =>
            {
                await batch.Send(
                    Steps,
                    new Step("1"),
                    x =>
                    {
                        x.Delay = TimeSpan.FromHours(1);
                        unique(x);
                    },
                    never
                );
                await batch.Send(Steps, new Step("1"), x => unique(x), never);
            }
        );
        Assert.True((await Find(bus, id)).IsFilled);
        if (conflict == SidekiqConflict.Drop)
        {
            Assert.Equal(1, await Inspector(bus).ScheduledSet.RetryAll(never));
        }

        Assert.Equal(["complete", "success"], await Sorted(told, 2));
    }

    [Fact]
    public async Task Batch_that_was_filled_is_not_filled_again_and_one_that_was_not_goes_on()
    {
        await using var redis = await RedisServer.Lease();
        var told = new Seen<string>();
        await using var bus = await Start(redis, told, _ => Task.CompletedTask);
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            Begin(
                bus,
                async batch =>
                {
                    await batch.Send(Steps, new Step("1"), never);
                    throw new InvalidOperationException("in between");
                },
                b => b.Id = "import-7"
            )
        );
        Assert.Equal("in between", fault.Message);
        Assert.False((await Find(bus, "import-7")).IsFilled);

        await Begin(bus, batch => batch.Send(Steps, new Step("2"), never), b => b.Id = "import-7");
        await Begin(bus, _ => throw new InvalidOperationException("not again"), b => b.Id = "import-7");

        Assert.Equal(["complete", "success"], await Sorted(told, 2));
        Assert.Equal(2, (await Find(bus, "import-7")).Total);
    }

    [Fact]
    public async Task Consumer_with_an_outbox_fills_a_batch_when_it_ends()
    {
        await using var redis = await RedisServer.Lease();
        var told = new Seen<string>();
        await using var bus = await Start(
            redis,
            told,
            _ => Task.CompletedTask,
            register: x => x.AddConsumer<Importer, ImporterDefinition>()
        );

        await bus.Send("import", new Import(3));

        Assert.Equal(["complete", "success"], await Sorted(told, 2));
        Assert.Equal(3, Assert.Single(await Inspector(bus).Batches.List(cancellationToken: never)).Total);
    }

    [Fact]
    public async Task What_cannot_be_is_refused_with_its_remedy()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);

        var topic = await Assert.ThrowsAsync<ArgumentException>(() =>
            Begin(bus, _ => Task.CompletedTask, b => b.OnSuccess(new Uri("topic:Shop:Done"), new Step("1")))
        );
        var name = await Assert.ThrowsAsync<ArgumentException>(() =>
            Begin(bus, _ => Task.CompletedTask, b => b.Id = "a b")
        );
        var ended = await Assert.ThrowsAsync<BatchEndedException>(() =>
            Begin(bus, _ => Task.CompletedTask, b => b.ParentId = "gone")
        );
        await Assert.ThrowsAsync<ArgumentException>(() => Inspector(bus).Batches.Delete("import-7:open", never));
        var endpoint = await bus.Harness.Bus.GetSendEndpoint(Steps);
        await Assert.ThrowsAsync<BatchEndedException>(() =>
            endpoint.Send(new Step("1"), x => x.Job(job => job.BatchId = "gone"), never)
        );

        Assert.Contains("'topic:Shop:Done' is a topic", topic.Message, StringComparison.Ordinal);
        Assert.Contains("'a b' cannot be the id of a batch", name.Message, StringComparison.Ordinal);
        Assert.Equal("gone", ended.BatchId);
        Assert.Empty(await redis.Queue("steps"));
    }

    Task<TestBus> Start(
        RedisDatabase redis,
        Seen<string> told,
        Func<ConsumeContext<Step>, Task> work,
        Action<ISidekiqReceiveEndpointConfigurator>? configure = null,
        Action<IBusRegistrationConfigurator>? register = null
    ) =>
        TestBus.Start(
            redis,
            output,
            register,
            (_, cfg) =>
            {
                cfg.ReceiveEndpoint(
                    "steps",
                    e =>
                    {
                        configure?.Invoke(e);
                        e.Handler<Step>(context => work(context));
                    }
                );
                cfg.ReceiveEndpoint(
                    "events",
                    e =>
                    {
                        // One after the other, so that what was told first is seen first.
                        e.ConcurrentMessageLimit = 1;
                        e.Handler<Told>(context =>
                        {
                            told.Add(context.Message.Name);
                            return Task.CompletedTask;
                        });
                    }
                );
            }
        );

    static async Task<string> Begin(
        TestBus bus,
        Func<ISidekiqBatchScope, Task> add,
        Action<ISidekiqBatchConfigurator>? configure = null,
        string name = ""
    )
    {
        await using var scope = bus.Services.CreateAsyncScope();
        return await scope
            .ServiceProvider.GetRequiredService<ISidekiqBatches>()
            .Start(
                batch =>
                {
                    batch.OnComplete(Events, new Told($"{name}complete"));
                    batch.OnSuccess(Events, new Told($"{name}success"));
                    batch.OnDeath(Events, new Told($"{name}death"));
                    configure?.Invoke(batch);
                },
                add,
                never
            );
    }

    static async Task<string[]> Sorted(Seen<string> told, int count) =>
        [.. (await told.Next(count)).Order(StringComparer.Ordinal)];

    static ISidekiqInspector Inspector(TestBus bus) => bus.Services.GetRequiredService<ISidekiqInspector>();

    static async Task<SidekiqBatch> Find(TestBus bus, string id) => (await Inspector(bus).Batches.Find(id, never))!;

    static async Task<(long Pending, long Dead, long Failures)> Numbers(TestBus bus, string id)
    {
        var batch = await Find(bus, id);
        return (batch.Pending, batch.Dead, batch.Failures);
    }

    static readonly System.Collections.Concurrent.ConcurrentDictionary<string, int> attempts = new(
        StringComparer.Ordinal
    );

    // Fails as often as its name says.
    static Task Attempt(ConsumeContext<Step> context, string name)
    {
        var attempt = attempts.AddOrUpdate($"{context.MessageId}", 1, (_, count) => count + 1);
        return name == "fine" || attempt > 1
            ? Task.CompletedTask
            : throw new InvalidOperationException($"attempt {attempt}");
    }

    public sealed record Step(string Name);

    public sealed record Told(string Name);

    public sealed record Unheard;
}
