using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests;

/// <summary>An encrypted message is one on all its ways, and its consumer sees it as any other.</summary>
public sealed class EncryptionTests(ITestOutputHelper output)
{
    const string Secret = "4111-1111";

    internal static readonly string Key = Convert.ToBase64String([.. Enumerable.Repeat((byte)1, 32)]);
    internal static readonly string NewKey = Convert.ToBase64String([.. Enumerable.Repeat((byte)2, 32)]);

    [Fact]
    public async Task Sent_published_and_scheduled_messages_are_encrypted_and_consumed()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Received<Pay>>();
        await using var sender = await TestBus.Start(redis, output, configure: (_, cfg) => Encrypt(cfg, redis));
        await redis.Db.HashSetAsync("mt:topic:MassTransit.Sidekiq.Tests:EncryptionTests-Pay", "cards", "");
        await redis.Db.HashSetAsync("mt:topic:MassTransit.Sidekiq.Tests:EncryptionTests-Pay", "other|Shop::Pay", "");
        await sender.Send("cards", new Pay(1, Secret));
        await sender.Harness.Bus.Publish(new Pay(2, Secret));
        await using var scope = sender.Services.CreateAsyncScope();
        var scheduler = scope.ServiceProvider.GetRequiredService<IMessageScheduler>();
        await scheduler.ScheduleSend(new Uri("queue:cards"), TimeSpan.FromMilliseconds(1), new Pay(3, Secret));

        Assert.DoesNotContain(Secret, await redis.Dump(), StringComparison.Ordinal);
        Assert.Contains("\"class\":\"Shop::Pay\"", Assert.Single(await redis.Queue("other")), StringComparison.Ordinal);
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                Encrypt(cfg, redis);
                cfg.ReceiveEndpoint("cards", e => e.Note(seen));
                cfg.ReceiveEndpoint("other", e => e.Note(seen));
            }
        );

        var received = await seen.Next(4);
        Assert.Equal([1, 2, 2, 3], received.Select(one => one.Message.Id).Order());
        Assert.All(received, one => Assert.Equal(Secret, one.Message.Card));
    }

    [Fact]
    public async Task Only_the_last_of_positional_arguments_is_encrypted()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output, configure: (_, cfg) => Encrypt(cfg, redis));

        await bus.Send("cards", new PayCard(7, Secret));

        var job = JsonElement.Parse(Assert.Single(await redis.Queue("cards")));
        Assert.Equal(7, job.GetProperty("args")[0].GetInt32());
        Assert.StartsWith("mt1.1.", job.GetProperty("args")[1].GetString(), StringComparison.Ordinal);
        Assert.True(job.GetProperty("mt").GetProperty("enc").GetBoolean());
    }

    [Fact]
    public async Task Retry_and_fault_of_an_encrypted_message_are_encrypted()
    {
        await using var redis = await RedisServer.Lease();
        var (seen, faults) = (new Seen<Received<Pay>>(), new Seen<Received<Fault<Pay>>>());
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                Encrypt(cfg, redis);
                cfg.ReceiveEndpoint(
                    "cards",
                    e =>
                        e.Handler<Pay>(context =>
                        {
                            seen.Add(new Received<Pay>(context.Message, context));
                            throw new InvalidOperationException("declined");
                        })
                );
                cfg.ReceiveEndpoint("faults", e => e.Note(faults));
            }
        );

        await bus.Send("cards", new Pay(1, Secret));
        await redis.Until(async state => (await state.RetrySet()).Length == 1);
        Assert.DoesNotContain(Secret, await redis.Dump(), StringComparison.Ordinal);
        var inspector = bus.Services.GetRequiredService<ISidekiqInspector>();
        await foreach (
            var entry in inspector.RetrySet.Entries(cancellationToken: TestContext.Current.CancellationToken)
        )
        {
            Assert.Contains("is encrypted", inspector.ArgsCheck(entry).Obstacle, StringComparison.Ordinal);
        }

        await Send(bus, new Pay(2, Secret), job => job.Retry = 0);
        var fault = await faults.Next();
        Assert.Equal(Secret, fault.Message.Message.Card);
        Assert.StartsWith(
            "[\"mt1.1.",
            Encoding.UTF8.GetString(fault.Context.GetJob().Args.Span),
            StringComparison.Ordinal
        );
        Assert.Equal([1, 2], (await seen.Next(2)).Select(one => one.Message.Id).Order());
        Assert.DoesNotContain(Secret, await redis.Dump(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redelivered_message_with_another_id_and_a_forwarded_one_are_read()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Received<Pay>>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                Encrypt(cfg, redis);
                cfg.ReceiveEndpoint(
                    "first",
                    e =>
                    {
                        e.UseDelayedRedelivery(retry =>
                        {
                            retry.Intervals(TimeSpan.FromMilliseconds(1));
                            retry.ReplaceMessageId = true;
                        });
                        e.Handler<Pay>(context =>
                            context.GetRedeliveryCount() == 0
                                ? throw new InvalidOperationException("once more")
                                : context.Forward(new Uri("queue:second"))
                        );
                    }
                );
                cfg.ReceiveEndpoint("second", e => e.Note(seen));
            }
        );

        await bus.Send("first", new Pay(1, Secret));

        Assert.Equal(Secret, (await seen.Next()).Message.Card);
    }

    [Fact]
    public async Task Key_that_is_missing_fails_the_job_until_it_is_there()
    {
        await using var redis = await RedisServer.Lease();
        await using var sender = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) => cfg.Host(redis.Url, host => host.EncryptionKey(2, NewKey))
        );
        await sender.Send("cards", new Pay(1, Secret));

        var seen = new Seen<Received<Pay>>();
        string job;
        await using (await Consumer(host => host.EncryptionKey(1, Key)))
        {
            await redis.Until(async state => (await state.RetrySet()).Length == 1);
            job = (await redis.RetrySet())[0].Job;
        }

        Assert.Contains(
            "is encrypted with key version 2, and this bus has versions 1.",
            JsonElement.Parse(job).GetProperty("error_message").GetString(),
            StringComparison.Ordinal
        );
        await redis.Db.KeyDeleteAsync("retry");
        await redis.SeedQueue("cards", job);
        await using var bus = await Consumer(host =>
        {
            host.EncryptionKey(1, Key);
            host.EncryptionKey(2, NewKey);
        });
        Assert.Equal(Secret, (await seen.Next()).Message.Card);

        Task<TestBus> Consumer(Action<ISidekiqHostConfigurator> keys) =>
            TestBus.Start(
                redis,
                output,
                configure: (_, cfg) =>
                {
                    cfg.Host(redis.Url, keys);
                    cfg.ReceiveEndpoint("cards", e => e.Note(seen));
                }
            );
    }

    [Fact]
    public async Task Plain_job_of_Ruby_is_taken_and_one_of_Enterprise_is_refused_in_words()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Received<Pay>>();
        var type = new JobContracts().For<Pay>().Class;
        await redis.SeedQueue("cards", $$"""{"class":"{{type}}","jid":"a1","args":[{"id":5,"card":"x"}]}""");
        await redis.SeedQueue("cards", $$"""{"class":"{{type}}","jid":"a2","encrypt":true,"args":["BAhJ"]}""");

        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                Encrypt(cfg, redis);
                cfg.ReceiveEndpoint("cards", e => e.Note(seen));
            }
        );

        Assert.Equal(5, (await seen.Next()).Message.Id);
        await redis.Until(async state => (await state.RetrySet()).Length == 1);
        Assert.Contains(
            "is encrypted by Sidekiq Enterprise, whose format is not documented",
            (await redis.RetrySet())[0].Job,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Unique_message_is_encrypted_only_if_it_says_by_what()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                Encrypt(cfg, redis);
                cfg.Job<PayCard>(job => job.UniqueBy<PayCard>(m => m.Id).UniqueFor(TimeSpan.FromMinutes(1)));
            }
        );

        await bus.Send("cards", new PayCard(7, Secret));
        await bus.Send("cards", new PayCard(7, "other"));
        var refusal = await Assert.ThrowsAsync<JobEncryptionException>(() =>
            Send(bus, new Pay(1, Secret), job => job.UniqueFor = TimeSpan.FromMinutes(1))
        );

        Assert.Single(await redis.Queue("cards"));
        Assert.Contains("UniqueBy<T>(m => m.Id)", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_encrypted_is_refused_at_start()
    {
        var faults = Assert
            .Throws<ConfigurationException>(() =>
                Bus.Factory.CreateUsingSidekiq(cfg =>
                {
                    cfg.Host("redis://localhost", host => host.EncryptionKey(0, "secret-key"));
                    cfg.Job<Pay>(job => job.UniqueFor(TimeSpan.FromMinutes(1)).Encrypt());
                    cfg.Job<Report>(job => job.ActiveJob().Encrypt());
                })
            )
            .Message;
        var keyless = Assert
            .Throws<ConfigurationException>(() =>
                Bus.Factory.CreateUsingSidekiq(cfg =>
                {
                    cfg.Host("redis://localhost");
                    cfg.Job<Pay>(job => job.Retry(1));
                })
            )
            .Message;

        Assert.Contains("Version 0 is not positive", faults, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-key", faults, StringComparison.Ordinal);
        Assert.Contains("Pay is encrypted and unique.", faults, StringComparison.Ordinal);
        Assert.Contains("Report is encrypted and an ActiveJob", faults, StringComparison.Ordinal);
        Assert.Contains("Pay is encrypted, and the host has no key.", keyless, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Periodic_message_is_stored_encrypted()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                Encrypt(cfg, redis);
                cfg.Periodic("pay", TestClock.CronMonthsAway, "Etc/UTC", new Pay(1, Secret));
            }
        );
        var periodic = bus.Services.GetRequiredService<ISidekiqPeriodicJobs>();
        var seen = new Seen<Received<Pay>>();
        await redis.Until(async _ => await periodic.List() is [{ } job] && await periodic.Run(job.Id));
        Assert.DoesNotContain(Secret, await redis.Dump(), StringComparison.Ordinal);
    }

    static async Task Send(TestBus bus, Pay message, Action<SidekiqSendContext> options)
    {
        var endpoint = await bus.Harness.Bus.GetSendEndpoint(new Uri("queue:cards"));
        await endpoint.Send(message, context => context.Job(options));
    }

    static void Encrypt(ISidekiqBusFactoryConfigurator cfg, RedisDatabase redis) =>
        cfg.Host(redis.Url, host => host.EncryptionKey(1, Key));

    [SidekiqJob(Encrypt = true)]
    public sealed record Pay(int Id, string Card);

    [SidekiqJob("Billing::PayCard", Args = SidekiqArgs.Positional, Encrypt = true)]
    public sealed record PayCard(int Id, string Card);

    public sealed record Report(int Year);
}
