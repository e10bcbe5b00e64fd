using System.Text;

namespace MassTransit.Sidekiq.Tests.Jobs;

public sealed class FailureVerdictTests
{
    static readonly DateTimeOffset now = TestClock.Start;
    static readonly Exception fault = new InvalidOperationException("boom");

    [Fact]
    public void First_decision_stands_whatever_fails_then_and_when()
    {
        var verdict = Verdict("""{"retry":true}""");
        var first = verdict.Of(fault, now);

        Assert.Same(first, verdict.Of(new TimeoutException("another"), now.AddDays(1)));
        Assert.Contains("boom", Encoding.UTF8.GetString(first.Json.Span), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_consumer_says_after_the_decision_changes_nothing()
    {
        var verdict = Verdict("""{"retry":true}""");
        var first = verdict.Of(fault, now);

        verdict.Advise(JobFailureOptions.NoRetries);

        Assert.Same(first, verdict.Of(fault, now));
        Assert.IsType<JobOutcome.Retry>(first);
    }

    [Fact]
    public void Users_policy_is_asked_once_for_one_failure()
    {
        var asked = 0;
        var verdict = Verdict(
            """{"retry":true}""",
            ofEndpoint: new()
            {
                RetryIn = (_, _) =>
                {
                    asked++;
                    return TimeSpan.FromHours(1);
                },
            }
        );

        verdict.Of(fault, now);
        verdict.Of(fault, now);

        Assert.Equal(1, asked);
    }

    [Fact]
    public void Consumer_is_asked_before_its_endpoint()
    {
        var verdict = Verdict("""{"retry":true}""", ofEndpoint: new() { Limit = 5 });

        verdict.Advise(JobFailureOptions.NoRetries);

        Assert.IsType<JobOutcome.Bury>(verdict.Of(fault, now));
    }

    [Fact]
    public void Contract_is_asked_before_the_consumer()
    {
        var verdict = Verdict(
            """{"retry":true}""",
            ofContract: new()
            {
                Limit = 5,
                Job = new() { RetryQueue = "contract" },
            }
        );

        verdict.Advise(
            new()
            {
                Limit = 0,
                Job = new() { RetryQueue = "consumer" },
            }
        );

        Assert.Equal("contract", Queue(Assert.IsType<JobOutcome.Retry>(verdict.Of(fault, now))));
    }

    [Fact]
    public void Inner_consumer_is_asked_before_the_outer()
    {
        var verdict = Verdict("""{"retry":true}""");

        verdict.Advise(new() { Job = new() { RetryQueue = "inner" } });
        verdict.Advise(
            new()
            {
                Job = new() { RetryQueue = "outer", Dead = false },
                Limit = 0,
            }
        );

        Assert.Equal("inner", Queue(Assert.IsType<JobOutcome.Discard>(verdict.Of(fault, now))));
    }

    [Fact]
    public void Endpoint_is_asked_where_nobody_else_says_anything()
    {
        var verdict = Verdict("""{"retry":true}""", ofEndpoint: new() { Job = new() { RetryQueue = "endpoint" } });

        Assert.Equal("endpoint", Queue(verdict.Of(fault, now)));
    }

    [Fact]
    public void Job_that_cannot_be_retried_is_dead_as_it_would_have_been_retried()
    {
        var verdict = Verdict("""{"retry":true,"queue":"orders"}""", canRetry: false);

        var dead = Assert.IsType<JobOutcome.Bury>(verdict.Of(fault, now));

        Assert.Same(dead, verdict.Of(fault, now));
        Assert.Contains("\"retry_count\":0", Encoding.UTF8.GetString(dead.Json.Span), StringComparison.Ordinal);
    }

    [Fact]
    public void Job_that_is_dropped_anyway_is_dropped_where_none_can_be_retried() =>
        Assert.IsType<JobOutcome.Discard>(Verdict("""{"retry":false}""", canRetry: false).Of(fault, now));

    static FailureVerdict Verdict(
        string json,
        JobFailureOptions? ofContract = null,
        JobFailureOptions? ofEndpoint = null,
        bool canRetry = true
    ) =>
        new(
            new JobFailure(new RetrySchedule(new Random(7))),
            SidekiqJob.Parse(Encoding.UTF8.GetBytes(json), "orders"),
            ofContract ?? JobFailureOptions.None,
            ofEndpoint ?? JobFailureOptions.None,
            canRetry
        );

    static string? Queue(JobOutcome outcome) => JobSlice.Text(JobJson.Object(outcome.Json)["queue"]);
}
