using System.Text;

namespace MassTransit.Sidekiq.Tests.Jobs;

public sealed class SidekiqActiveJobTests
{
    [Fact]
    public void ActiveJobs_own_fields_are_read()
    {
        var job = Parse(
            """{"class":"Sidekiq::ActiveJob::Wrapper","wrapped":"Pay","args":[{"job_id":"a","queue_name":"low","executions":3,"exception_executions":{"[IOError]":2,"x":"y"},"locale":"de","timezone":"Berlin","enqueued_at":"2026-01-02T03:04:05Z"}]}"""
        ).ActiveJob!;

        Assert.Equal(
            ("a", "low", 3, "de", "Berlin"),
            (job.JobId, job.QueueName, job.Executions, job.Locale, job.TimeZone)
        );
        Assert.Equal(2, job.ExceptionExecutions["[IOError]"]);
        Assert.Equal(0, job.ExceptionExecutions["x"]);
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), job.EnqueuedAt);
    }

    [Theory]
    [InlineData("""{"class":"Pay","args":[{"job_id":"a"}]}""")]
    [InlineData("""{"class":"Sidekiq::ActiveJob::Wrapper","args":[1]}""")]
    [InlineData("""{"class":"Sidekiq::ActiveJob::Wrapper","args":[]}""")]
    [InlineData("""{"class":"Sidekiq::ActiveJob::Wrapper","args":{"job_id":"a"}}""")]
    public void Job_that_is_no_ActiveJob_has_none_of_its_fields(string json) => Assert.Null(Parse(json).ActiveJob);

    [Fact]
    public void Fields_of_an_ActiveJob_that_are_not_what_Rails_writes_are_absent()
    {
        var job = Parse(
            """{"class":"Sidekiq::ActiveJob::Wrapper","args":[{"job_id":1,"executions":"3","exception_executions":[],"enqueued_at":"soon"}]}"""
        ).ActiveJob!;

        Assert.Equal((null, 0, null), (job.JobId, job.Executions, job.EnqueuedAt));
        Assert.Empty(job.ExceptionExecutions);
    }

    static SidekiqJob Parse(string json) => SidekiqJob.Parse(Encoding.UTF8.GetBytes(json), "low");
}
