using System.Text;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests;

public sealed class ContractTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(SidekiqArgs.Hash, SidekiqNaming.CamelCase, """[{"orderId":7,"unitPrice":1.5}]""")]
    [InlineData(SidekiqArgs.Hash, SidekiqNaming.SnakeCase, """[{"order_id":7,"unit_price":1.5}]""")]
    [InlineData(SidekiqArgs.Hash, SidekiqNaming.AsDeclared, """[{"OrderId":7,"UnitPrice":1.5}]""")]
    [InlineData(SidekiqArgs.Positional, SidekiqNaming.CamelCase, "[7,1.5]")]
    [InlineData(SidekiqArgs.Positional, SidekiqNaming.SnakeCase, "[7,1.5]")]
    public async Task Message_travels_as_its_contract_says(SidekiqArgs args, SidekiqNaming naming, string expected)
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Received<Price>>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.Job<Price>(job => job.Class("Shop::PriceWorker").Args(args).Naming(naming).Queue("prices"));
                cfg.ReceiveEndpoint("prices", e => e.Note(seen));
            }
        );

        await bus.Send("prices", new Price(7, 1.5m));
        await bus.Harness.Bus.Publish(new Price(7, 1.5m));

        foreach (var received in await seen.Next(2))
        {
            Assert.Equal(new Price(7, 1.5m), received.Message);
            Assert.Equal(expected, Encoding.UTF8.GetString(received.Context.GetJob().Args.Span));
            Assert.Equal("Shop::PriceWorker", received.Context.GetJob().Class);
        }
    }

    [Theory]
    [InlineData("Shop::PriceWorker", """[{"order_id":7,"unit_price":1.5}]""")]
    [InlineData("::Shop::PriceWorker", """[{"order_id":7,"unit_price":1.5}]""")]
    [InlineData("OldPriceWorker", """[{"order_id":7,"unit_price":"1.5","more":null}]""")]
    public async Task Ruby_job_reaches_the_consumer_of_its_class(string jobClass, string args)
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Received<Price>>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.Job<Price>(job =>
                    job.Class("Shop::PriceWorker").Alias("OldPriceWorker").Naming(SidekiqNaming.SnakeCase)
                );
                cfg.ReceiveEndpoint("prices", e => e.Note(seen));
            }
        );

        await redis.SeedQueue("prices", Job(jobClass, args));

        var received = await seen.Next();
        Assert.Equal(new Price(7, 1.5m), received.Message);
        Assert.Equal(JobId.ToMessageId("b4a577edbccf1d805744efa9"), received.Context.MessageId);
        var job = received.Context.GetJob();
        Assert.Equal("b4a577edbccf1d805744efa9", job.Jid);
        Assert.Equal("prices", job.Queue);
        Assert.True(job.TryGet("tenant", out _));
    }

    [Fact]
    public async Task One_class_goes_to_exactly_its_message_type()
    {
        await using var redis = await RedisServer.Lease();
        var (dogs, animals, cats) = (new Seen<Dog>(), new Seen<Animal>(), new Seen<Cat>());
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "pets",
                    e =>
                    {
                        e.ConcurrentMessageLimit = 1;
                        e.Note(dogs);
                        e.Note(animals);
                        e.Note(cats);
                    }
                )
        );

        await redis.SeedQueue(
            "pets",
            Job("MassTransit::Sidekiq::Tests::Dog", """[{"name":"Rex","age":3}]"""),
            Job("MassTransit::Sidekiq::Tests::Cat", """[{"name":"Minka"}]"""),
            Job("MassTransit::Sidekiq::Tests::Animal", """[{"name":"Animal"}]""")
        );

        await animals.Next();
        Assert.Equal("Rex", Assert.Single(dogs.All).Name);
        Assert.Equal("Minka", Assert.Single(cats.All).Name);
        Assert.Equal("Animal", Assert.Single(animals.All).Name);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Unknown_class_waits_for_the_next_deploy_and_says_what_is_known(bool isOurs)
    {
        await using var redis = await RedisServer.Lease();
        var seen = new Seen<Dog>();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) => cfg.ReceiveEndpoint("pets", e => e.Note(seen))
        );

        if (isOurs)
        {
            await bus.Send("pets", new Cat("Minka"));
        }
        else
        {
            await redis.SeedQueue("pets", Job("MassTransit::Sidekiq::Tests::Cat", """[{"name":"Minka"}]"""));
        }

        await redis.Until(async db => (await db.RetrySet()).Length == 1);
        var waiting = Assert.Single(await redis.RetrySet()).Job;
        Assert.Contains(
            "Job class 'MassTransit::Sidekiq::Tests::Cat' is not consumed on queue 'pets', which takes 'MassTransit::Sidekiq::Tests::Dog'",
            waiting,
            StringComparison.Ordinal
        );
        Assert.Contains("\"retry_count\":0", waiting, StringComparison.Ordinal);
        await bus.Send("pets", new Dog("Rex", 3));
        await seen.Next();
    }

    [Fact]
    public async Task Options_of_contract_and_send_stand_in_the_job()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
                cfg.Job<Price>(job =>
                    job.Retry(5)
                        .Tags("shop")
                        .Backtrace(10)
                        .Dead(false)
                        .RetryQueue("slow")
                        .Option("lock", "until_executed")
                )
        );
        var endpoint = await bus.Harness.Bus.GetSendEndpoint(new Uri("queue:prices"));

        await endpoint.Send(new Price(1, 1m));
        await endpoint.Send(
            new Price(2, 2m),
            context =>
                context.Job(job =>
                {
                    job.Retry = false;
                    job.Tags = ["urgent"];
                    job.Dead = true;
                    job.RetryFor = TimeSpan.FromHours(1);
                    job.JobClass = "Shop::Other";
                    job.SetJobKey("tenant", 42);
                })
        );

        var jobs = (await redis.Queue("prices"))
            .Select(json => SidekiqJob.Parse(Encoding.UTF8.GetBytes(json), "prices"))
            .ToArray();
        Assert.Equal((5, "slow", false), (jobs[0].Retry.Limit, jobs[0].RetryQueue, jobs[0].Dead));
        Assert.Equal(["shop"], jobs[0].Tags);
        Assert.True(jobs[0].TryGet("lock", out var key));
        Assert.Equal("until_executed", key.GetString());
        Assert.True(jobs[1].Retry.IsNever);
        Assert.Equal(["urgent"], jobs[1].Tags);
        Assert.Equal((true, TimeSpan.FromHours(1), "Shop::Other"), (jobs[1].Dead, jobs[1].RetryFor, jobs[1].Class));
        Assert.True(jobs[1].TryGet("tenant", out var tenant));
        Assert.Equal(42, tenant.GetInt32());
    }

    [Fact]
    public async Task Filter_acts_only_on_jobs_whose_arguments_have_a_given_shape()
    {
        await using var redis = await RedisServer.Lease();
        var (dogs, touched) = (new Seen<Dog>(), new Seen<string>());
        await using var bus = await TestBus.Start(
            redis,
            output,
            x =>
            {
                x.AddSingleton(touched);
                x.AddSingleton(dogs);
                x.AddConsumer<DogConsumer>();
            },
            (context, cfg) =>
            {
                cfg.UseConsumeFilter(typeof(OlderThanTen<>), context);
                cfg.ReceiveEndpoint(
                    "pets",
                    e =>
                    {
                        e.ConcurrentMessageLimit = 1;
                        e.ConfigureConsumer<DogConsumer>(context);
                    }
                );
            }
        );

        await redis.SeedQueue(
            "pets",
            Job("MassTransit::Sidekiq::Tests::Dog", """[{"name":"Rex","age":3}]"""),
            Job("MassTransit::Sidekiq::Tests::Dog", """[{"name":"Old","age":13}]""")
        );
        await dogs.Next(2);

        Assert.Equal("""[{"name":"Old","age":13}]""", Assert.Single(touched.All));
    }

    public sealed class DogConsumer(Seen<Dog> dogs) : IConsumer<Dog>
    {
        public Task Consume(ConsumeContext<Dog> context)
        {
            dogs.Add(context.Message);
            return Task.CompletedTask;
        }
    }

    public sealed class OlderThanTen<T>(Seen<string> touched) : IFilter<ConsumeContext<T>>
        where T : class
    {
        public Task Send(ConsumeContext<T> context, IPipe<ConsumeContext<T>> next)
        {
            if (IsOlderThanTen(context.GetJob()))
            {
                touched.Add(Encoding.UTF8.GetString(context.GetJob().Args.Span));
            }

            return next.Send(context);
        }

        public void Probe(ProbeContext context) { }

        static bool IsOlderThanTen(SidekiqJob job)
        {
            using var args = System.Text.Json.JsonDocument.Parse(job.Args);
            return args.RootElement.GetArrayLength() == 1
                && args.RootElement[0] is { ValueKind: System.Text.Json.JsonValueKind.Object } pet
                && pet.TryGetProperty("age", out var age)
                && age.GetInt32() > 10;
        }
    }

    static string Job(string jobClass, string args) =>
        $$"""{"class":"{{jobClass}}","args":{{args}},"retry":true,"queue":"any","jid":"b4a577edbccf1d805744efa9","created_at":{{TestClock.Pushed}},"tenant":"eu"}""";
}

public sealed record Price(int OrderId, decimal UnitPrice);
