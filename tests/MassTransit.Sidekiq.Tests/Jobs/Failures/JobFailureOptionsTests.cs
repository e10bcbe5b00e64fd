using System.Text;

namespace MassTransit.Sidekiq.Tests.Jobs;

public class JobFailureOptionsTests
{
    static readonly TimeSpan hour = TimeSpan.FromHours(1);
    static readonly FakeClock clock = new(DateTimeOffset.FromUnixTimeSeconds(1795309000));

    [Fact]
    public void Number_above_a_window_takes_its_place_and_the_other_way_round()
    {
        var number = new JobFailureOptions { Limit = 3 };
        var window = new JobFailureOptions { Job = new() { RetryFor = hour } };

        Assert.Equal((3, null), Said(number.Over(window)));
        Assert.Equal((3, hour), Said(window.Over(number)));
        Assert.Equal((3, null), Said(number.Over(JobFailureOptions.None)));
        Assert.Equal((null, hour), Said(JobFailureOptions.None.Over(window)));
    }

    [Fact]
    public void Each_question_is_answered_by_the_first_that_says_anything()
    {
        var upper = new JobFailureOptions
        {
            Job = new() { RetryQueue = "upper", Dead = false },
        };
        var lower = new JobFailureOptions
        {
            Job = new()
            {
                Retry = SidekiqRetry.Never,
                RetryQueue = "lower",
                Dead = true,
                Backtrace = 5,
            },
            TimeFormat = SidekiqTimeFormat.IntegerMilliseconds,
        };

        var both = upper.Over(lower);

        Assert.Equal(("upper", false, 5), (both.Job.RetryQueue, both.Job.Dead, both.Job.Backtrace!.Value.Lines));
        Assert.Equal((SidekiqRetry.Never, SidekiqTimeFormat.IntegerMilliseconds), (both.Job.Retry, both.TimeFormat));
    }

    [Theory]
    // 1000 s after the first failure, in an hour's window that its worker names.
    [InlineData("true", typeof(JobOutcome.Retry))]
    [InlineData("2", typeof(JobOutcome.Bury))]
    [InlineData("50", typeof(JobOutcome.Retry))]
    public void Number_in_the_job_wins_over_a_window_of_its_worker(string retry, Type outcome) =>
        Assert.IsType(
            outcome,
            Decide(
                $$"""{"retry":{{retry}},"retry_count":30,"failed_at":1795308000.5}""",
                new() { Job = new() { RetryFor = hour } }
            )
        );

    [Theory]
    [InlineData(1795309010, typeof(JobOutcome.Bury))]
    [InlineData(1795309100, typeof(JobOutcome.Retry))]
    public void Job_that_expires_before_its_next_attempt_is_at_its_last_failure(int expires, Type outcome) =>
        Assert.IsType(outcome, Decide($$$"""{"retry":true,"mt":{"exp":{{{expires}}}.0}}"""));

    [Fact]
    public void Contract_that_drops_its_jobs_leaves_those_that_say_true_to_their_worker()
    {
        var contract = JobFailureOptions.From(new JobOptions { Retry = SidekiqRetry.Never });

        Assert.IsType<JobOutcome.Discard>(Decide("{}", contract));
        Assert.IsType<JobOutcome.Retry>(Decide("""{"retry":true}""", contract));
        Assert.Same(JobFailureOptions.None, JobFailureOptions.From(JobOptions.None));
    }

    static (int?, TimeSpan?) Said(JobFailureOptions options) => (options.Limit, options.Job.RetryFor);

    static JobOutcome Decide(string json, JobFailureOptions? options = null) =>
        new JobFailure(new RetrySchedule(new Random(7))).Decide(
            SidekiqJob.Parse(Encoding.UTF8.GetBytes(json), "orders"),
            new InvalidOperationException("boom"),
            clock.GetUtcNow(),
            options ?? JobFailureOptions.None
        );
}
