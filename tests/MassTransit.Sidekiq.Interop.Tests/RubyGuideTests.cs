using System.Text.RegularExpressions;
using Shop;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>Runs every piece of Ruby in docs/ruby-interop.md.</summary>
public sealed partial class RubyGuideTests(ITestOutputHelper output)
{
    static readonly IReadOnlyDictionary<string, string[]> guide = Read();

    /// <summary>The job of the guide, which RailsGuideTests run.</summary>
    internal static string Rails => guide["ActiveJob"][0];

    [Fact]
    public void Every_piece_of_Ruby_is_run_here() =>
        Assert.Equal(
            [
                ("Run what .NET sends", 1),
                ("Subscribe to an event", 3),
                ("Enqueue to a .NET consumer", 2),
                ("Pass a job on", 1),
                ("ActiveJob", 1),
            ],
            guide.Where(section => section.Value.Length > 0).Select(section => (section.Key, section.Value.Length))
        );

    [Fact]
    public async Task Worker_of_the_guide_runs_the_event_it_subscribed_to()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);
        var subscriptions = guide["Subscribe to an event"];

        await Ruby.Eval(redis, subscriptions[0]);
        await bus.Harness.Bus.Publish(OrderSubmitted.Any with { Number = 7, Customer = "Zoë" });
        using var code = new TemporaryFile("require 'sidekiq'\n" + guide["Run what .NET sends"][0]);
        await using (await RubySidekiq.Start(redis, code.Path, ["billing"]))
        {
            await redis.Until(async state => await state.Db.ListLengthAsync("invoices") > 0);
        }

        Assert.Equal("7 for Zoë", await redis.Db.ListGetByIndexAsync("invoices", 0));
    }

    [Fact]
    public async Task Subscriptions_of_the_guide_begin_and_end_with_the_next_publish()
    {
        await using var redis = await RedisServer.Lease();
        await using var bus = await TestBus.Start(redis, output);
        var subscriptions = guide["Subscribe to an event"];

        await Ruby.Eval(redis, subscriptions[0]);
        await Ruby.Eval(redis, subscriptions[1]);
        await bus.Harness.Bus.Publish(OrderSubmitted.Any);
        var both = await redis.Queue("billing");
        await Ruby.Eval(redis, subscriptions[2]);
        await bus.Harness.Bus.Publish(OrderSubmitted.Any);
        var three = await redis.Queue("billing");

        Assert.Equal(2, both.Length);
        Assert.Single(both, job => job.Contains("\"class\":\"Shop::Audit\"", StringComparison.Ordinal));
        Assert.Single(both, job => job.Contains("\"class\":\"Shop::OrderSubmitted\"", StringComparison.Ordinal));
        Assert.Contains(
            "\"class\":\"Shop::OrderSubmitted\"",
            Assert.Single(three.Except(both)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Jobs_that_the_guide_enqueues_are_messages()
    {
        await using var redis = await RedisServer.Lease();
        var inbox = new Inbox<OrderPaid>();
        await using var bus = await Consume(redis, inbox);

        await Ruby.Eval(redis, guide["Enqueue to a .NET consumer"][0]);
        Assert.Equal(new OrderPaid(42, "Zoë"), (await inbox.Next()).Message);

        await Ruby.Eval(redis, $"TOPLEVEL_BINDING.eval(<<~'CODE')\n{guide["Enqueue to a .NET consumer"][1]}CODE");
        var second = await inbox.Next();
        Assert.Equal(new OrderPaid(43), second.Message);
        Assert.True(second.GetJob().Retry == SidekiqRetry.Times(5));
    }

    [Fact]
    public async Task Job_that_the_guide_passes_on_is_still_the_message_it_was()
    {
        await using var redis = await RedisServer.Lease();
        var inbox = new Inbox<OrderPaid>();
        await using var bus = await Consume(redis, inbox);
        var correlation = NewId.NextGuid();
        var endpoint = await bus.Harness.Bus.GetSendEndpoint(new Uri("queue:check"));
        await endpoint.Send(
            new OrderPaid(9),
            context =>
            {
                context.Job(job => job.JobClass = "Shop::Check");
                context.CorrelationId = correlation;
            }
        );

        using var code = new TemporaryFile(
            $"""
            require "sidekiq"
            module Shop; class Check; include Sidekiq::Worker; end; end
            {guide["Pass a job on"][0]}
            Sidekiq.configure_server do |config|
              config.server_middleware {"{"} |chain| chain.add PassOn {"}"}
            end
            """
        );
        await using var worker = await RubySidekiq.Start(redis, code.Path, ["check"]);

        var received = await inbox.Next();
        Assert.Equal((9, correlation), (received.Message.OrderId, received.CorrelationId));
    }

    Task<TestBus> Consume(RedisDatabase redis, Inbox<OrderPaid> inbox) =>
        TestBus.Start(
            redis,
            output,
            configure: (_, cfg) => cfg.ReceiveEndpoint("paid", e => e.Handler<OrderPaid>(inbox.Receive))
        );

    static Dictionary<string, string[]> Read() =>
        File.ReadAllText(Repository.PathOf("docs/ruby-interop.md"))
            .Split("\n## ")
            .Skip(1)
            .ToDictionary(
                section => section.Split('\n')[0],
                section => Code().Matches(section).Select(match => match.Groups[1].Value).ToArray(),
                StringComparer.Ordinal
            );

    [GeneratedRegex("```ruby\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Code();

    sealed class TemporaryFile : IDisposable
    {
        public TemporaryFile(string text) => File.WriteAllText(Path, text);

        public string Path { get; } =
            System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"guide-{Guid.NewGuid():N}.rb");

        public void Dispose() => File.Delete(Path);
    }
}
