using System.Text.Json;
using MassTransit.Testing;

namespace MassTransit.Sidekiq.Tests;

public sealed class ErrorQueueTests(ITestOutputHelper output)
{
    const string Job =
        """{"class":"ErrorQueueOrder","args":[{"order_id":1}],"jid":"6a53acef47bc238203ae6a7e","retry":true,"queue":"orders","x":{"deep":1}}""";

    [Fact]
    public async Task Failed_job_moves_with_its_fault_in_the_headers_and_all_else_as_it_was()
    {
        await using var redis = await RedisServer.Lease();
        var faults = new Seen<Fault<ErrorQueueOrder>>();
        await using var bus = await Start(redis, _ => { }, faults);

        await redis.SeedQueue("orders", Job);

        Assert.Equal("no", (await faults.Next()).Exceptions[0].Message);
        await redis.Until(async state => (await state.Queue("orders_error")).Length == 1);
        var job = JsonElement.Parse(Assert.Single(await redis.Queue("orders_error")));
        foreach (var field in JsonElement.Parse(Job).EnumerateObject().Where(field => field.Name != "queue"))
        {
            Assert.Equal(field.Value.GetRawText(), job.GetProperty(field.Name).GetRawText());
        }

        Assert.Equal("orders_error", job.GetProperty("queue").GetString());
        Assert.Contains("orders_error", await redis.Queues());
        var headers = job.GetProperty("mt").GetProperty("headers");
        Assert.Equal("fault", headers.GetProperty("MT-Reason").GetString());
        Assert.Equal("no", headers.GetProperty("MT-Fault-Message").GetString());
        Assert.Equal("System.InvalidOperationException", headers.GetProperty("MT-Fault-ExceptionType").GetString());
        Assert.EndsWith("/orders", headers.GetProperty("MT-Fault-InputAddress").GetString()!, StringComparison.Ordinal);
        Assert.Contains(
            "ErrorQueueOrder",
            headers.GetProperty("MT-Fault-MessageType").GetString()!,
            StringComparison.Ordinal
        );
        foreach (
            var name in new[]
            {
                "MT-Fault-StackTrace",
                "MT-Fault-Timestamp",
                "MT-Fault-ConsumerType",
                "MT-Host-MachineName",
            }
        )
        {
            Assert.NotEmpty(headers.GetProperty(name).GetString()!);
        }

        await bus.Harness.Stop();
        Assert.Empty(await redis.RetrySet());
        Assert.Empty(await redis.DeadSet());
        Assert.DoesNotContain(await redis.Keys(), key => key.StartsWith("mt:working", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Job_that_is_moved_back_runs_as_it_would_have()
    {
        await using var redis = await RedisServer.Lease();
        var runs = new Seen<int>();
        await using var bus = await Start(redis, _ => { }, new(), runs);
        await redis.SeedQueue("orders", Job);
        Assert.Equal(1, await runs.Next());
        await redis.Until(async state => (await state.Queue("orders_error")).Length == 1);

        await redis.Db.ListRightPopLeftPushAsync("queue:orders_error", "queue:orders");

        Assert.Equal(1, await runs.Next());
    }

    [Fact]
    public async Task Job_that_nobody_consumes_is_skipped()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Start(redis, _ => { }, new());

        await bus.Send("orders", new OrderAccepted(1));

        await redis.Until(async state => (await state.Queue("orders_skipped")).Length == 1);
        var headers = JsonElement
            .Parse((await redis.Queue("orders_skipped"))[0])
            .GetProperty("mt")
            .GetProperty("headers");
        Assert.Equal("dead-letter", headers.GetProperty("MT-Reason").GetString());
        Assert.Empty(await redis.RetrySet());
    }

    [Fact]
    public async Task Job_that_nobody_can_read_is_an_error()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await Start(redis, _ => { }, new());

        await redis.SeedQueue(
            "orders",
            """{"class":"Nobody::Knows","args":[]}""",
            """{"class":"ErrorQueueOrder","args":[1,2]}"""
        );

        await redis.Until(async state => (await state.Queue("orders_error")).Length == 2);
        Assert.Empty(await redis.RetrySet());
    }

    [Fact]
    public async Task Retries_that_the_endpoint_names_come_first()
    {
        await using var redis = await RedisServer.Lease();
        var faults = new Seen<Fault<ErrorQueueOrder>>();
        await using var bus = await Start(redis, e => e.UseSidekiqRetry(r => r.Limit(1)), faults);

        await redis.SeedQueue("orders", Job);
        await redis.Retried();
        Assert.Empty(faults.All);
        await redis.RetryNow();

        await faults.Next();
        await redis.Until(async state => (await state.Queue("orders_error")).Length == 1);
        Assert.Empty(await redis.DeadSet());
    }

    [Fact]
    public async Task Temporary_endpoint_has_no_error_queue()
    {
        await using var redis = await RedisServer.Lease();

        var fault = await Assert.ThrowsAsync<ConfigurationException>(() =>
            Start(redis, e => e.Temporary = true, new())
        );

        Assert.Contains("Remove UseErrorQueue", fault.Message, StringComparison.Ordinal);
    }

    Task<TestBus> Start(
        RedisDatabase redis,
        Action<ISidekiqReceiveEndpointConfigurator> configure,
        Seen<Fault<ErrorQueueOrder>> faults,
        Seen<int>? runs = null
    ) =>
        TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.UseSidekiqRetry(r => r.Limit(25));
                cfg.Job<ErrorQueueOrder>(j => j.Class("ErrorQueueOrder").Naming(SidekiqNaming.SnakeCase));
                cfg.ReceiveEndpoint(
                    "orders",
                    e =>
                    {
                        e.UseErrorQueue();
                        configure(e);
                        e.Handler<ErrorQueueOrder>(context =>
                        {
                            runs?.Add(context.Message.OrderId);
                            throw new InvalidOperationException("no");
                        });
                    }
                );
                cfg.ReceiveEndpoint("faults", e => e.Note(faults));
            }
        );
}

public sealed record ErrorQueueOrder(int OrderId);
