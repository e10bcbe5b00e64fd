using System.Text.Json;

namespace MassTransit.Sidekiq.Tests;

/// <summary>What Ruby's middleware stored in a job goes on with what its consumer sends, where that is asked for.</summary>
public sealed class PassOnTests(ITestOutputHelper output)
{
    const string Job =
        """{"class":"Shop::Placed","args":[{"id":7}],"jid":"0123456789abcdef01234567","queue":"placed","retry":true,"tags":["vip"],"locale":"de","cattr":{"user_id":42,"role":{"_aj_serialized":"ActiveJob::Serializers::SymbolSerializer","value":"admin"}},"cattr_1":{"tenant":"acme"},"cattr_x":1}""";

    [Fact]
    public async Task Sent_and_published_messages_take_over_the_context_of_the_consumed_job()
    {
        var (sent, published) = await Run((_, cfg) => cfg.PassOnJobContext());

        foreach (var job in new[] { sent, published })
        {
            Assert.Equal("de", job.GetProperty("locale").GetString());
            Assert.Equal(42, job.GetProperty("cattr").GetProperty("user_id").GetInt32());
            Assert.Equal("acme", job.GetProperty("cattr_1").GetProperty("tenant").GetString());
            Assert.Contains("SymbolSerializer", job.GetProperty("cattr").GetRawText(), StringComparison.Ordinal);
            Assert.False(job.TryGetProperty("cattr_x", out _));
        }

        Assert.Equal("""["vip"]""", sent.GetProperty("tags").GetRawText());
        Assert.Equal("""["own"]""", published.GetProperty("tags").GetRawText());
    }

    [Fact]
    public async Task Nothing_is_passed_on_unless_it_is_asked_for()
    {
        var (sent, published) = await Run((_, _) => { });

        Assert.False(sent.TryGetProperty("locale", out _));
        Assert.False(sent.TryGetProperty("tags", out _));
        Assert.False(published.TryGetProperty("cattr", out _));
    }

    [Fact]
    public async Task Endpoint_passes_on_what_it_names()
    {
        var (sent, published) = await Run(
            (e, _) => e?.PassOnJobContext(SidekiqPassOn.CurrentAttributes | SidekiqPassOn.Tags)
        );

        Assert.Equal("""["vip"]""", sent.GetProperty("tags").GetRawText());
        Assert.Equal(42, published.GetProperty("cattr").GetProperty("user_id").GetInt32());
        Assert.False(sent.TryGetProperty("locale", out _));
        Assert.False(published.TryGetProperty("locale", out _));
    }

    async Task<(JsonElement Sent, JsonElement Published)> Run(
        Action<ISidekiqReceiveEndpointConfigurator?, ISidekiqBusFactoryConfigurator> configure
    )
    {
        await using var redis = await RedisServer.Lease();
        await redis.SeedQueue("placed", Job);
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                configure(null, cfg);
                cfg.ReceiveEndpoint(
                    "placed",
                    e =>
                    {
                        configure(e, cfg);
                        e.Handler<Placed>(async context =>
                        {
                            var job = context.GetJob();
                            Assert.Equal("de", job.Locale);
                            Assert.Equal("admin", job.CurrentAttributes["role"].GetString());
                            Assert.Equal("acme", job.CurrentAttributes["tenant"].GetString());
                            await context.Send(new Uri("queue:ship"), new Ship(context.Message.Id));
                            await context.Publish(new Shipped(context.Message.Id));
                        });
                    }
                );
            }
        );

        await redis.Until(async state => (await state.Queue("shipped")).Length == 1);
        return (
            JsonElement.Parse(Assert.Single(await redis.Queue("ship"))),
            JsonElement.Parse(Assert.Single(await redis.Queue("shipped")))
        );
    }

    [SidekiqJob("Shop::Placed")]
    public sealed record Placed(int Id);

    public sealed record Ship(int Id);

    [SidekiqJob("Shop::Shipped", Queue = "shipped", Tags = ["own"])]
    public sealed record Shipped(int Id);
}
