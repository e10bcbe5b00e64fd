using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests;

/// <summary>The code of docs/secrets.md, as it stands there.</summary>
public sealed class SecretsGuideTests(ITestOutputHelper output)
{
    public sealed record ChargeCard(Guid OrderId, [SidekiqSecret] string Card);

    [SidekiqJob(Encrypt = true)]
    public sealed record OpenAccount(Guid CustomerId, string Iban, string Passport);

    [Fact]
    public async Task Busy_page_and_inspector_show_a_job_without_its_secrets()
    {
        await using var redis = await RedisServer.Lease();
        var (started, done) = (new Seen<string>(), new TaskCompletionSource());
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.Host(
                    redis.Url,
                    host =>
                    {
                        host.Redact = job => job.Class == "Billing::Payout";
                        ((SidekiqHostSettings)host).Beat = TimeSpan.FromMilliseconds(50);
                    }
                );
                cfg.ReceiveEndpoint(
                    "cards",
                    e =>
                        e.Handler<ChargeCard>(async context =>
                        {
                            started.Add(context.Message.Card);
                            await done.Task.InTime();
                        })
                );
            }
        );
        var inspector = bus.Services.GetRequiredService<ISidekiqInspector>();

        await bus.Send("cards", new ChargeCard(Guid.Empty, "4111"));
        await redis.SeedQueue("other", """{"class":"Billing::Payout","args":["4111"],"jid":"a1"}""");

        Assert.Equal("4111", await started.Next());
        await redis.Until(async _ => (await inspector.Work()).Count == 1);
        var work = Assert.Single(await inspector.Work());
        Assert.Contains("\"card\":\"[hidden]\"", work.Job!.RawJson, StringComparison.Ordinal);
        await foreach (var entry in inspector.Jobs("other"))
        {
            var shown = inspector.Redacted(entry.Job!);
            Assert.Contains("\"args\":[\"[hidden]\"]", shown.RawJson, StringComparison.Ordinal);
            Assert.Contains("4111", entry.Job!.RawJson, StringComparison.Ordinal);
        }

        done.SetResult();
    }

    [Fact]
    public async Task Keys_of_the_configuration_or_of_the_code_encrypt_what_a_type_or_a_send_asks_for()
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<OpenAccount>();
        var (oldKey, newKey) = (EncryptionTests.Key, EncryptionTests.NewKey);
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.Host(
                    redis.Url,
                    host =>
                    {
                        host.EncryptionKey(1, oldKey);
                        host.EncryptionKey(2, newKey);
                    }
                );
                cfg.ReceiveEndpoint("accounts", e => e.Note(seen));
            }
        );
        var account = new OpenAccount(Guid.NewGuid(), "DE02", "C01X");
        var endpoint = await bus.Harness.Bus.GetSendEndpoint(new Uri("queue:cards"));

        await bus.Send("accounts", account);
        await endpoint.Send(new ChargeCard(Guid.NewGuid(), "4111"), x => x.Job(job => job.Encrypt = true));

        Assert.Equal(account, await seen.Next());
        var job = Assert.Single(await redis.Queue("cards"));
        Assert.StartsWith(
            "mt1.2.",
            JsonElement.Parse(job).GetProperty("args")[0].GetString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Keys_are_bound_from_a_configuration_by_their_version()
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(
                new Dictionary<string, string?>(StringComparer.Ordinal)
                {
                    ["Sidekiq:EncryptionKeys:1"] = EncryptionTests.Key,
                    ["Sidekiq:EncryptionKeys:2"] = EncryptionTests.NewKey,
                }
            )
            .Build();
        var options = new SidekiqTransportOptions();

        configuration.GetSection("Sidekiq").Bind(options);

        Assert.Equal([1, 2], options.EncryptionKeys.Keys.Order());
        var settings = new SidekiqHostSettings();
        settings.Apply(options);
        settings.EncryptionKey(3, EncryptionTests.Key);
        Assert.Equal(3, settings.Options.EncryptionKeys.Count);
        Assert.Equal(2, options.EncryptionKeys.Count);
    }
}
