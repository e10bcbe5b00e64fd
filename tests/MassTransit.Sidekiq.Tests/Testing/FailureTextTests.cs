using MassTransit.Testing;

namespace MassTransit.Sidekiq.Tests.Testing;

public sealed class FailureTextTests
{
    [Fact]
    public async Task Missing_job_lists_what_waits_instead()
    {
        await using var host = await TestedHost.Start(SidekiqTestMode.Fake);
        await host.Send("letters", new Letter("Ada"));
        await host.Send("letters", new Letter("Bob"), x => x.Delay = TimeSpan.FromHours(1));
        await host.Bus.Publish(new Parcel(1));

        var text = await Text(() => host.Jobs.Enqueued<Parcel>());

        Assert.StartsWith(
            "Expected one job of Parcel (class Post::Parcel), and there are 0. These jobs wait:",
            text,
            StringComparison.Ordinal
        );
        Assert.Contains("""  letters: Post::Letter [{"to":"Ada"}]""", text, StringComparison.Ordinal);
        Assert.Contains("""  letters: Post::Letter [{"to":"Bob"}] at 2""", text, StringComparison.Ordinal);
        Assert.Contains("Published to topics without a subscriber: ", text, StringComparison.Ordinal);
        Assert.Contains("Parcel", text.Split(':')[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_many_and_unwanted_jobs_are_counted()
    {
        await using var host = await TestedHost.Start(SidekiqTestMode.Fake);
        await host.Send("letters", new Letter("Ada"));
        await host.Send("letters", new Letter("Bob"));

        Assert.Contains("and there are 2.", await Text(() => host.Jobs.Enqueued<Letter>()), StringComparison.Ordinal);
        Assert.Contains(
            "Expected no job of Letter (class Post::Letter) that meets the condition, and there is 1.",
            await Text(() => host.Jobs.NoneEnqueued<Letter>(letter => letter.To == "Bob")),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "class Post::Card",
            await Text(() => host.Jobs.Enqueued("Post::Card")),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Wrong_property_of_a_job_is_told_with_the_right_one()
    {
        await using var host = await TestedHost.Start(SidekiqTestMode.Fake);
        await host.Send("letters", new Letter("Ada"), x => x.Job(job => job.Retry = 3));
        var job = await host.Jobs.Enqueued<Letter>();

        Assert.Contains(
            "Expected queue parcels, but it is letters",
            Text(() => job.OnQueue("parcels")),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "Expected class Card, but it is Post::Letter",
            Text(() => job.OfClass("Card")),
            StringComparison.Ordinal
        );
        Assert.Contains(
            """Expected args ["Ada"], but it is [{"to":"Ada"}]""",
            Text(() => job.WithArgs("Ada")),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "Expected retry false, but it is 3",
            Text(() => job.WithRetry(false)),
            StringComparison.Ordinal
        );
        Assert.Contains("Expected tags vip, but it is", Text(() => job.WithTags("vip")), StringComparison.Ordinal);
        Assert.Contains(
            "but it is none: it is not scheduled",
            Text(() => job.DueAt(TestClock.Start)),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "Expected dead false, but it is none",
            Text(() => job.WithOption("dead", false)),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "Expected retry null, but it is 3",
            Text(() => job.WithOption("retry", null)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Drain_of_a_foreign_queue_and_of_an_endless_one_say_so()
    {
        await using var host = await TestedHost.Start(
            SidekiqTestMode.Fake,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "letters",
                    endpoint =>
                        endpoint.Handler<Letter>(context => context.Send(new Uri("queue:letters"), context.Message))
                )
        );

        Assert.Contains(
            "No endpoint of this process takes jobs from queue 'parcels'. Its endpoints take them from: letters.",
            await Text(() => host.Jobs.Drain("parcels")),
            StringComparison.Ordinal
        );
        await host.Send("letters", new Letter("Ada"));
        Assert.Contains("Does a job enqueue itself?", await Text(() => host.Jobs.Drain()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_that_ended_otherwise_says_with_what()
    {
        await using var host = await TestedHost.Start(
            SidekiqTestMode.Fake,
            configure: (_, cfg) =>
                cfg.ReceiveEndpoint(
                    "letters",
                    endpoint => endpoint.Handler<Letter>(_ => throw new InvalidOperationException("No stamp."))
                )
        );
        await host.Send("letters", new Letter("Ada"));

        var run = Assert.Single(await host.Jobs.Drain(throwOnFailure: false));

        Assert.Matches(
            @"Expected the outcome Succeeded, but job \w+ \(Post::Letter\) ended as Retried: System.InvalidOperationException: No stamp.",
            Text(() => run.Succeeded())
        );
    }

    static string Text(Func<object> failing) => Assert.Throws<SidekiqTestException>(failing).Message;

    static async Task<string> Text(Func<Task> failing) =>
        (await Assert.ThrowsAsync<SidekiqTestException>(failing)).Message;

    [SidekiqJob("Post::Letter")]
    public sealed record Letter(string To);

    [SidekiqJob("Post::Parcel")]
    public sealed record Parcel(int Number);
}
