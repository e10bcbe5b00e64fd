using Hangfire;
using Hangfire.Redis.StackExchange;
using Hangfire.States;
using Microsoft.Extensions.DependencyInjection;
using Orders = MassTransit.Sidekiq.Interop.Tests.HangfireGuideTests.OrdersOnTheBus;
using OrdersBefore = MassTransit.Sidekiq.Interop.Tests.HangfireGuideTests.OrdersOnHangfire;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>The change-over of docs/from-hangfire.md, step by step, with a real Hangfire on the same Redis.</summary>
public sealed class HangfireGuideTests : IAsyncLifetime
{
    // Half a day away, whenever the test runs.
    static readonly string Nightly = $"0 {(TimeProvider.System.GetUtcNow().Hour + 12) % 24} * * *";

    readonly Sent sent = new();
    RedisDatabase redis = null!;

    public async ValueTask InitializeAsync() => redis = await RedisServer.Lease();

    public ValueTask DisposeAsync() => redis.DisposeAsync();

    [Fact]
    public async Task Jobs_change_over_step_by_step_and_each_runs_once()
    {
        await Begin_on_Hangfire_with_jobs_that_wait();
        await using (var both = await RunningHost.Start(Both, RemoveRecurringJobs))
        {
            await Step_1_Hangfire_runs_what_it_has(both);
            await Step_2_publish_go_back_and_forward_again(both);
            await Step_3_recurring_jobs_have_moved(both);
            await Step_4_move_scheduled_jobs(both);
        }

        await Step_5_remove_Hangfire();

        Assert.Equal((0, 0), ((await redis.RetrySet()).Length, (await redis.DeadSet()).Length));
    }

    async Task Begin_on_Hangfire_with_jobs_that_wait()
    {
        await using (var before = await RunningHost.Start(Before, DeclareRecurringJobs))
        {
            await PayOnHangfire(before, 1..3);
            before.Services.GetRequiredService<IRecurringJobManager>().Trigger("report");
            await sent.Receipts.Reaches(1..3);
            await sent.Reports.Reaches(1..1);
        }

        // The server is being deployed, and callers go on.
        await using var caller = await RunningHost.Start(services => Hangfire(Common(services)));
        await PayOnHangfire(caller, 4..6);
    }

    async Task Step_1_Hangfire_runs_what_it_has(RunningHost both)
    {
        await PayOnHangfire(both, 7..9);
        await sent.Receipts.Reaches(1..9);
    }

    async Task Step_2_publish_go_back_and_forward_again(RunningHost both)
    {
        await Pay(both, 10..12);
        await PayOnHangfire(both, 13..15);
        await Pay(both, 16..18);
        await sent.Receipts.Reaches(1..18);
    }

    async Task Step_3_recurring_jobs_have_moved(RunningHost both)
    {
        both.Services.GetRequiredService<IRecurringJobManager>().Trigger("report");
        var periodic = both.Services.GetRequiredService<ISidekiqPeriodicJobs>();
        Assert.True(await periodic.Run(Assert.Single(await periodic.List()).Id));
        await sent.Reports.Reaches(1..2);
    }

    async Task Step_4_move_scheduled_jobs(RunningHost both)
    {
        var hangfire = both.Services.GetRequiredService<JobStorage>().GetMonitoringApi();
        var waiting = hangfire.ScheduledJobs(0, 100);
        Assert.Equal(12, waiting.Count);
        var jobs = both.Services.GetRequiredService<IBackgroundJobClient>();
        var receipt = jobs.Schedule<Mailer>(mailer => mailer.Receipt(19), TimeSpan.FromDays(3));

        // A move that was interrupted, after it had scheduled the message of a job and before Hangfire gave the job up.
        await both.InScope(services =>
            services.GetRequiredService<ScheduledJobs>().Schedule(waiting[0].Key, waiting[0].Value)
        );
        await both.InScope(services => services.GetRequiredService<ScheduledJobs>().Move());
        await both.InScope(services => services.GetRequiredService<ScheduledJobs>().Move());

        // Another method's job is left to Hangfire.
        Assert.Equal(receipt, Assert.Single(hangfire.ScheduledJobs(0, 100)).Key);
        Assert.True(jobs.Requeue(receipt));
        await sent.Receipts.Reaches(1..19);
        var times = (await redis.ScheduledSet()).Select(entry => entry.Time.UtcDateTime).ToList();
        Assert.Equal(18, times.Count);
        Assert.All(
            waiting,
            job =>
                Assert.Contains(times, time => (time - job.Value.EnqueueAt).Duration() < TimeSpan.FromMilliseconds(2))
        );
    }

    async Task Step_5_remove_Hangfire()
    {
        await using var after = await RunningHost.Start(services => Sidekiq(Common(services)));
        await Pay(after, 20..21);
        await sent.Receipts.Reaches(1..21);

        foreach (var entry in await redis.ScheduledSet())
        {
            await redis.Db.SortedSetAddAsync("schedule", entry.Job, 1);
        }

        await sent.Reminders.Reaches(1..18, 20..21);
        await sent.Reports.Reaches(1..2);
    }

    static Task PayOnHangfire(RunningHost host, Range orders) =>
        host.InScope(services =>
        {
            for (var order = orders.Start.Value; order <= orders.End.Value; order++)
            {
                services.GetRequiredService<OrdersBefore>().Paid(order);
            }

            return Task.CompletedTask;
        });

    static Task Pay(RunningHost host, Range orders) =>
        host.InScope(async services =>
        {
            for (var order = orders.Start.Value; order <= orders.End.Value; order++)
            {
                await services.GetRequiredService<Orders>().Paid(order);
            }
        });

    IServiceCollection Common(IServiceCollection services) =>
        services
            .AddSingleton(sent)
            .AddScoped<Mailer>()
            .AddScoped<OrdersBefore>()
            .AddScoped<Orders>()
            .AddScoped<ScheduledJobs>();

    void Before(IServiceCollection services)
    {
        Hangfire(Common(services));
        services.AddHangfireServer();
    }

    void Both(IServiceCollection services)
    {
        Before(services);
        Sidekiq(services);
    }

    void Hangfire(IServiceCollection services)
    {
        var options = new RedisStorageOptions { Db = redis.Database };
        services.AddHangfire(hangfire => hangfire.UseRedisStorage(redis.ConnectionString, options));
    }

    void Sidekiq(IServiceCollection services)
    {
        services.AddMassTransit(x =>
        {
            x.AddConsumer<MailConsumer>();
            x.AddSidekiqMessageScheduler();
            x.UsingSidekiq(
                (context, cfg) =>
                {
                    cfg.Host(redis.Url);
                    cfg.ReceiveEndpoint("mail", e => e.ConfigureConsumer<MailConsumer>(context));
                    cfg.Periodic("report", Nightly, "Etc/UTC", new SendReport());
                }
            );
        });
    }

    static void DeclareRecurringJobs(IServiceProvider services)
    {
        var recurring = services.GetRequiredService<IRecurringJobManager>();
        recurring.AddOrUpdate<Mailer>("report", mailer => mailer.Report(), Nightly);
    }

    static void RemoveRecurringJobs(IServiceProvider services)
    {
        var recurring = services.GetRequiredService<IRecurringJobManager>();
        recurring.RemoveIfExists("report");
    }

    public sealed class OrdersOnHangfire(IBackgroundJobClient jobs)
    {
        public void Paid(int order)
        {
            jobs.Enqueue<Mailer>(mailer => mailer.Receipt(order));
            jobs.Schedule<Mailer>(mailer => mailer.Reminder(order), TimeSpan.FromDays(3));
        }
    }

    public sealed class OrdersOnTheBus(IPublishEndpoint bus, IMessageScheduler scheduler)
    {
        public async Task Paid(int order)
        {
            await bus.Publish(new SendReceipt(order));
            await scheduler.SchedulePublish(TimeSpan.FromDays(3), new SendReminder(order));
        }
    }

    public sealed record SendReceipt(int Order);

    public sealed record SendReminder(int Order);

    public sealed record SendReport;

    public sealed class MailConsumer(Mailer mailer)
        : IConsumer<SendReceipt>,
            IConsumer<SendReminder>,
            IConsumer<SendReport>
    {
        public Task Consume(ConsumeContext<SendReceipt> context) => mailer.Receipt(context.Message.Order);

        public Task Consume(ConsumeContext<SendReminder> context) => mailer.Reminder(context.Message.Order);

        public Task Consume(ConsumeContext<SendReport> context) => mailer.Report();
    }

    public sealed class ScheduledJobs(JobStorage storage, IBackgroundJobClient hangfire, IMessageScheduler scheduler)
    {
        public async Task Move()
        {
            var stored = storage.GetMonitoringApi();
            foreach (var (id, job) in stored.ScheduledJobs(0, (int)stored.ScheduledCount()))
            {
                if (job.Job.Method.Name != nameof(Mailer.Reminder))
                {
                    continue;
                }

                var token = await Schedule(id, job);
                // Hangfire gives a job up only while it has not begun it.
                if (!hangfire.ChangeState(id, new DeletedState(), ScheduledState.StateName))
                {
                    await scheduler.CancelScheduledPublish<SendReminder>(token);
                }
            }
        }

        public async Task<Guid> Schedule(string id, global::Hangfire.Storage.Monitoring.ScheduledJobDto job)
        {
            // One token for one job: if a move was interrupted, the next replaces the message that it scheduled.
            var token = Guid.Parse(id);
            await scheduler.CancelScheduledPublish<SendReminder>(token);
            await scheduler.SchedulePublish(
                job.EnqueueAt,
                new SendReminder((int)job.Job.Args[0]),
                Pipe.Execute<SendContext<SendReminder>>(send => send.ScheduledMessageId = token)
            );
            return token;
        }
    }

    // What the application does, whoever calls it.
    public sealed class Mailer(Sent sent)
    {
        public Task Receipt(int order) => Count(sent.Receipts, order);

        public Task Reminder(int order) => Count(sent.Reminders, order);

        public Task Report() => Count(sent.Reports, sent.NextReport());

        static Task Count(Tally tally, int number)
        {
            tally.Count(number);
            return Task.CompletedTask;
        }
    }

    public sealed class Sent
    {
        int reports;

        public Tally Receipts { get; } = new();

        public Tally Reminders { get; } = new();

        public Tally Reports { get; } = new();

        public int NextReport() => Interlocked.Increment(ref reports);
    }
}
