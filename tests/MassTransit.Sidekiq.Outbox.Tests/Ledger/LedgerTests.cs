using MassTransit.Sidekiq.Outbox.Tests.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Outbox.Tests;

public class LedgerTests
{
    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite), InlineData(Database.MariaDb)]
    public async Task Job_is_kept_until_its_consumer_has_completed_it(Database kind)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(kind);
        var work = new Work();
        await using var host = await Start(database, redis, work);
        var messageId = NewId.NextGuid();

        await Send(host, "elsewhere", 1, messageId);
        await host.Drained();

        var row = Assert.Single(await Rows(database));
        Assert.Equal((JobId.From(messageId), messageId, "elsewhere"), (row.Jid, row.MessageId, row.Queue));
        Assert.Equal([row.Job], await redis.Queue("elsewhere"));
        Assert.Equal(1, (await host.Outbox.Count()).Open);

        await Send(host, "work", 2);
        await Until(() => work.Runs == 1);
        await host.Drained();
        await Until(async () => (await host.Outbox.Count()).Open == 1);
        Assert.Equal(row.Jid, Assert.Single(await Rows(database)).Jid);
        await redis.Until(async redis =>
            !(await redis.Keys()).Any(key => key.StartsWith("mt:completed:", StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task Copies_of_what_is_published_are_kept_one_by_one()
    {
        await using var redis = await RedisServer.Lease();
        await redis.Db.HashSetAsync(
            "mt:topic:MassTransit.Sidekiq.Outbox.Tests.Contracts:OrderSubmitted",
            "reports|Report",
            "Report"
        );
        await redis.Db.HashSetAsync("mt:topic:MassTransit.Sidekiq.Outbox.Tests.Contracts:OrderSubmitted", "mails", "");
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await Start(database, redis, new Work());

        await host.InScope(
            async (db, publisher, _) =>
            {
                await publisher.Publish(new OrderSubmitted(Guid.NewGuid(), "Zoë \"Ada\" \\ \u0007"));
                await db.SaveChangesAsync();
            }
        );
        await host.Drained();

        var rows = (await Rows(database)).OrderBy(row => row.Queue, StringComparer.Ordinal).ToList();
        Assert.Equal(["mails", "reports"], rows.Select(row => row.Queue));
        Assert.Equal([rows[0].Job], await redis.Queue("mails"));
        Assert.Equal([rows[1].Job], await redis.Queue("reports"));
    }

    [Theory, InlineData(Database.Postgres), InlineData(Database.Sqlite), InlineData(Database.MariaDb)]
    public async Task What_Redis_lost_is_pushed_again_with_the_same_ids(Database kind)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(kind);
        await using var host = await Start(database, redis, new Work());
        await host.InScope(
            async (db, _, sender) =>
            {
                for (var step = 1; step <= 20; step++)
                {
                    await sender.Send("elsewhere", new ShipOrder(Guid.NewGuid(), step));
                }

                await db.SaveChangesAsync();
            }
        );
        await Send(host, "elsewhere", 21, due: DateTime.UtcNow.AddHours(1));
        await host.Drained();
        await redis.Until(async redis => await redis.Db.KeyExistsAsync("mt:epoch"));
        var before = (await redis.Jobs("elsewhere")).Select(job => job.Jid()).ToArray();
        var due = Assert.Single(await redis.ScheduledSet()).Time;

        await redis.Flush();
        await redis.Until(async redis => (await redis.ScheduledSet()).Length == 1);
        await redis.Until(async redis => (await redis.Queue("elsewhere")).Length == 20);

        Assert.Equal(before, (await redis.Jobs("elsewhere")).Select(job => job.Jid()));
        Assert.Equal(["elsewhere"], await redis.Queues());
        Assert.Equal(due, Assert.Single(await redis.ScheduledSet()).Time, TimeSpan.FromMilliseconds(1));
        Assert.All(await Rows(database), row => Assert.Equal(1, row.PushedAgain));
        Assert.Single(host.Log.Lines, line => line.Contains("has lost its data", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Single_job_that_is_nowhere_is_pushed_again_after_the_grace_time()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await Start(database, redis, new Work(), grace: TimeSpan.FromMilliseconds(300));
        await Send(host, "elsewhere", 1);
        await Send(host, "elsewhere", 2);
        await host.Drained();

        // As a Ruby worker does that is killed.
        var taken = (string)(await redis.Db.ListRightPopAsync("queue:elsewhere"))!;
        await redis.Until(async redis => (await redis.Queue("elsewhere")).Length == 2);

        var jobs = await redis.Jobs("elsewhere");
        Assert.Equal([2, 1], jobs.Select(job => job.Step()));
        Assert.Equal(Job.Parse(taken).Jid(), jobs[1].Jid());
    }

    [Fact]
    public async Task Lost_jobs_of_a_queue_that_refuses_them_keep_nobody_from_the_others()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await Start(database, redis, new Work());
        await Send(host, "broken", 1);
        await Send(host, "elsewhere", 2);
        await host.Drained();
        await redis.Until(async redis => await redis.Db.KeyExistsAsync("mt:epoch"));

        await redis.Flush();
        await redis.Db.StringSetAsync("queue:broken", "not a list");

        await redis.Until(async redis => (await redis.Queue("elsewhere")).Length == 1);
        await Until(() => host.Log.Lines.Any(line => line.Contains("broken refuses them", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Job_whose_worker_never_reports_is_given_up_at_last()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await Start(database, redis, new Work(), grace: TimeSpan.FromMilliseconds(100));
        await Send(host, "elsewhere", 1);

        for (var run = 0; run <= 5; run++)
        {
            await redis.Until(async redis => !(await redis.Db.ListRightPopAsync("queue:elsewhere")).IsNull);
        }

        // The keeper says so last.
        await Until(() => host.Log.Lines.Any(line => line.Contains("five times", StringComparison.Ordinal)));
        Assert.Equal(1, (await host.Outbox.Count()).Dead);
        Assert.Equal(5, Assert.Single(await Rows(database)).PushedAgain);
        Assert.Single(host.Log.Lines, line => line.Contains("five times", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Jobs_are_found_wherever_they_are()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await Start(database, redis, new Work());
        var search = Process(host).Stores.Search;
        await redis.SeedQueue(
            "some",
            [.. Enumerable.Range(0, 1200).Select(i => $$"""{"class":"A","jid":"queued{{i}}"}""")]
        );
        await redis.SeedRetrySet("""{"jid":"retried"}""", DateTimeOffset.UtcNow.AddDays(1));
        await redis.SeedScheduledSet("""{"jid":"scheduled"}""", DateTimeOffset.UtcNow.AddDays(1));
        await redis.SeedDeadSet("""{"jid":"dead"}""", DateTimeOffset.UtcNow);
        // Both processes live: nobody tidies up after them meanwhile.
        await redis.Db.StringSetAsync("mt:alive:me:1", 1);
        await redis.Db.HashSetAsync("ruby:1", "info", "{}");
        await redis.Db.SetAddAsync("mt:owners", "me:1|some");
        await redis.Db.HashSetAsync("mt:working:me:1:some", "7", """{"jid":"working"}""");
        await redis.Db.ListLeftPushAsync("mt:landing:me:1:some", """{"jid":"landed"}""");
        await redis.Db.SetAddAsync("processes", "ruby:1");
        await redis.Db.HashSetAsync("ruby:1:workers", "t1", """{"queue":"q","payload":{"jid":"ruby6"}}""");
        await redis.Db.HashSetAsync("ruby:1:work", "t1", """{"queue":"q","payload":"{\"jid\":\"ruby7\"}"}""");

        var found = await search.Find(
            ["queued0", "queued1199", "retried", "scheduled", "dead", "working", "landed", "ruby6", "ruby7", "nowhere"],
            TestContext.Current.CancellationToken
        );

        Assert.Equal(
            ["dead", "landed", "queued0", "queued1199", "retried", "ruby6", "ruby7", "scheduled", "working"],
            found.Keys.Order(StringComparer.Ordinal)
        );
        Assert.Equal(["dead"], found.Where(job => job.Value).Select(job => job.Key));
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Dead_job_is_kept_or_dropped_by_choice_and_not_pushed_again(bool keepsDead)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        var work = new Work { Fails = true };
        await using var host = await Start(
            database,
            redis,
            work,
            grace: TimeSpan.FromMilliseconds(200),
            keepsDead: keepsDead
        );
        await Send(host, "work", 1);

        await redis.Until(async redis => (await redis.DeadSet()).Length == 1);
        await Until(async () =>
            (await host.Outbox.Count()) == new OutboxCounts(0, TimeSpan.Zero, 0, 0, keepsDead ? 1 : 0)
        );

        // Somebody clears the dead set: that is meant.
        await redis.Db.KeyDeleteAsync("dead");
        await Send(host, "elsewhere", 2);
        await host.Drained();
        Assert.True(await redis.Db.KeyDeleteAsync("queue:elsewhere"));
        await redis.Until(async redis => (await redis.Queue("elsewhere")).Length == 1);
        Assert.Equal(1, work.Runs);
    }

    [Fact]
    public async Task Cancelled_message_is_not_pushed_again()
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await Start(database, redis, new Work());
        Guid token;
        await using (var scope = host.Services.CreateAsyncScope())
        {
            var scheduled = await scope
                .ServiceProvider.GetRequiredService<IMessageScheduler>()
                .ScheduleSend(
                    new Uri("queue:elsewhere"),
                    DateTime.UtcNow.AddHours(1),
                    new ShipOrder(Guid.NewGuid(), 1)
                );
            token = scheduled.TokenId;
            await scope.ServiceProvider.GetRequiredService<OrdersDb>().SaveChangesAsync();
        }

        await host.Drained();
        Assert.Single(await Rows(database));
        Assert.True(await Process(host).Stores.Jobs.CancelScheduled(token));

        await Until(async () => (await Rows(database)).Count == 0);
    }

    [Theory, InlineData("ledger_worker.rb"), InlineData("gem_worker.rb")]
    public async Task Ruby_reports_with_its_middleware_that_a_job_is_done(string worker)
    {
        await using var redis = await RedisServer.Lease();
        await using var database = await TestDatabase.Lease(Database.Postgres);
        await using var host = await Start(database, redis, new Work());
        await host.InScope(
            async (db, publisher, _) =>
            {
                await publisher.Publish(new MakeInvoice(Guid.NewGuid(), 10));
                await publisher.Publish(new MakeInvoice(Guid.NewGuid(), -1));
                await db.SaveChangesAsync();
            }
        );
        await host.Drained();
        Assert.Equal(2, (await host.Outbox.Count()).Open);

        await using var ruby = await RubySidekiq.Start(redis, worker, ["billing"], environment: Ruby.WithGem(redis));

        await Until(async () => await host.Outbox.Count() is { Open: 0, Dead: 1 });
    }

    static SidekiqProcess Process(OutboxHost host) =>
        BusRuntime
            .Of(host.Services.GetRequiredService<DependencyInjection.Bind<IBus, Transports.IBusInstance>>().Value)
            .Process;

    static async Task<List<OutboxLedger>> Rows(TestDatabase database)
    {
        await using var db = database.Open();
        return await db.Set<OutboxLedger>().AsNoTracking().ToListAsync();
    }

    static Task Send(OutboxHost host, string queue, int step, Guid? messageId = null, DateTime? due = null) =>
        host.InScope(
            async (db, _, sender) =>
            {
                await sender.Send(
                    queue,
                    new ShipOrder(Guid.NewGuid(), step),
                    context =>
                    {
                        context.MessageId = messageId ?? context.MessageId;
                        context.Delay = due - DateTime.UtcNow;
                    }
                );
                await db.SaveChangesAsync();
            }
        );

    static Task<OutboxHost> Start(
        TestDatabase database,
        RedisDatabase redis,
        Work work,
        TimeSpan? grace = null,
        bool keepsDead = true
    ) =>
        OutboxHost.Start(
            database,
            redis.Url,
            new OutboxHostOptions
            {
                Register = x =>
                {
                    x.AddSingleton(work);
                    x.AddConsumer<Worker>();
                },
                Outbox = outbox =>
                {
                    outbox.PollInterval = TimeSpan.FromMilliseconds(100);
                    outbox.KeepUntilCompleted(keep =>
                    {
                        keep.Grace = grace ?? TimeSpan.FromMinutes(10);
                        keep.LookAgain = TimeSpan.FromMilliseconds(100);
                        keep.KeepDead = keepsDead;
                    });
                },
                Bus = (context, cfg) =>
                {
                    cfg.Job<ShipOrder>(job => job.Class("Ship").Retry(0));
                    cfg.Job<MakeInvoice>(job => job.Retry(0));
                    cfg.ReceiveEndpoint("work", endpoint => endpoint.ConfigureConsumer<Worker>(context));
                },
            }
        );

    public sealed class Work
    {
        int runs;

        public bool Fails { get; init; }

        public int Runs => Volatile.Read(ref runs);

        public void Run()
        {
            Interlocked.Increment(ref runs);
            if (Fails)
            {
                throw new InvalidOperationException("never");
            }
        }
    }

    public sealed class Worker(Work work) : IConsumer<ShipOrder>
    {
        public Task Consume(ConsumeContext<ShipOrder> context)
        {
            work.Run();
            return Task.CompletedTask;
        }
    }
}
