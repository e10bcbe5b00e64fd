using MassTransit.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Tests.Testing;

public sealed class InlineTests
{
    readonly Seen<string> seen = new();

    [Fact]
    public async Task Consumer_has_run_when_its_send_returns_and_nested_sends_run_nested()
    {
        await using var host = await Start(async context =>
        {
            seen.Add($"begin {context.Message.Number}");
            if (context.Message.Number > 0)
            {
                await context.Send(new Uri("queue:steps"), new Step(context.Message.Number - 1));
            }

            seen.Add($"end {context.Message.Number}");
        });

        await host.Send("steps", new Step(2));

        Assert.Equal(["begin 2", "begin 1", "begin 0", "end 0", "end 1", "end 2"], seen.All);
        Assert.Empty(await host.Jobs.Jobs());
    }

    [Fact]
    public async Task Limit_holds_up_nobody()
    {
        await using var host = await TestedHost.Start(
            SidekiqTestMode.Inline,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "steps",
                    e =>
                    {
                        e.UseSidekiqLimit(limits => limits.Window("rate", 1, TimeSpan.FromHours(1)));
                        e.Handler<Step>(context =>
                        {
                            seen.Add($"{context.Message.Number}");
                            return Task.CompletedTask;
                        });
                    }
                )
        );

        await host.Send("steps", new Step(1));
        await host.Send("steps", new Step(2));

        Assert.Equal(["1", "2"], seen.All);
    }

    [Fact]
    public async Task Exception_of_the_consumer_reaches_the_sender()
    {
        var thrown = new InvalidOperationException("Broken step.");
        await using var host = await Start(_ => throw thrown);

        Assert.Same(thrown, await Assert.ThrowsAsync<InvalidOperationException>(() => host.Send("steps", new Step(1))));
        Assert.Same(thrown, await Assert.ThrowsAsync<InvalidOperationException>(() => host.Bus.Publish(new Step(1))));
    }

    // It would look like a lost Redis, and the send would be repeated until Redis is back.
    [Fact]
    public async Task Lost_connection_of_the_consumer_reaches_the_sender_once()
    {
        await using var host = await Start(_ =>
        {
            seen.Add("run");
            throw new ConnectionException("The database is away.", isTransient: true);
        });

        var failure = await Assert.ThrowsAsync<SidekiqTestException>(() => host.Send("steps", new Step(1))).InTime();

        Assert.IsType<ConnectionException>(failure.InnerException);
        Assert.Single(seen.All);
    }

    [Fact]
    public async Task Publish_runs_all_subscribers_even_if_one_fails()
    {
        await using var host = await TestedHost.Start(
            SidekiqTestMode.Inline,
            configure: (_, cfg) =>
            {
                cfg.ReceiveEndpoint(
                    "bad",
                    endpoint => endpoint.Handler<Step>(_ => throw new NotSupportedException("bad"))
                );
                cfg.ReceiveEndpoint(
                    "good",
                    endpoint =>
                        endpoint.Handler<Step>(_ =>
                        {
                            seen.Add("good");
                            return Task.CompletedTask;
                        })
                );
            }
        );

        await Assert.ThrowsAsync<NotSupportedException>(() => host.Bus.Publish(new Step(1)));

        Assert.Equal(["good"], seen.All);
    }

    [Fact]
    public async Task Unique_and_scheduled_jobs_and_those_of_other_queues_are_told_apart()
    {
        await using var host = await Start(context =>
        {
            seen.Add($"{context.Message.Number}");
            return Task.CompletedTask;
        });

        await host.Send("steps", new Step(1), x => x.Job(job => job.UniqueFor = TimeSpan.FromMinutes(1)));
        await host.Send("steps", new Step(2), x => x.Delay = TimeSpan.FromHours(1));
        await host.Send("of-ruby", new Step(3));

        Assert.Equal(["1"], seen.All);
        Assert.Equal(["of-ruby", "steps"], (await host.Jobs.Jobs()).Select(job => job.Queue));
        await host.Jobs.RunScheduled();
        Assert.Equal(["1", "2"], seen.All);
    }

    [Fact]
    public async Task Request_gets_its_response_and_a_failure_its_exception()
    {
        await using var host = await TestedHost.Start(
            SidekiqTestMode.Inline,
            x => x.AddRequestClient<Step>(),
            (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "steps",
                    endpoint =>
                        endpoint.Handler<Step>(context =>
                            context.Message.Number < 0
                                ? throw new ArgumentException("negative")
                                : context.RespondAsync(new Stepped(context.Message.Number + 1))
                        )
                )
        );
        await using var scope = host.Services.CreateAsyncScope();
        var client = scope.ServiceProvider.GetRequiredService<IRequestClient<Step>>();

        Assert.Equal(8, (await client.GetResponse<Stepped>(new Step(7)).InTime()).Message.Number);
        var failure = await Assert.ThrowsAsync<RequestException>(() =>
            client.GetResponse<Stepped>(new Step(-1)).InTime()
        );
        Assert.IsType<ArgumentException>(failure.GetBaseException());
    }

    [Fact]
    public async Task Concurrent_sends_get_their_own_exceptions()
    {
        await using var host = await Start(context =>
            context.Message.Number % 2 == 0
                ? Task.CompletedTask
                : throw new InvalidOperationException($"{context.Message.Number}")
        );

        var sends = Enumerable
            .Range(0, 50)
            .Select(number => (number, Sent: host.Send("steps", new Step(number))))
            .ToList();

        foreach (var (number, sent) in sends)
        {
            var thrown = await Record.ExceptionAsync(() => sent.InTime());
            Assert.Equal(number % 2 == 0 ? null : $"{number}", thrown?.Message);
        }
    }

    static Task<TestedHost> Start(MessageHandler<Step> handler) =>
        TestedHost.Start(
            SidekiqTestMode.Inline,
            configure: (_, cfg) => cfg.ReceiveEndpoint("steps", endpoint => endpoint.Handler(handler))
        );

    public sealed record Step(int Number);

    public sealed record Stepped(int Number);
}
