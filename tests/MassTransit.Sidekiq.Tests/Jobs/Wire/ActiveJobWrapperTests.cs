using System.Text;

namespace MassTransit.Sidekiq.Tests.Jobs;

public sealed class ActiveJobWrapperTests
{
    const string Args = """[{"job_class":"Report","queue_name":"default","arguments":[1]}]""";

    [Theory]
    [InlineData("ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper", true)]
    [InlineData("Sidekiq::ActiveJob::Wrapper", true)]
    [InlineData("Sidekiq::ActiveJob", false)]
    [InlineData("Report", false)]
    public void Wrapper_is_known_by_the_names_that_Rails_and_Sidekiq_write(string name, bool isOne) =>
        Assert.Equal(isOne, ActiveJobWrapper.Is(name));

    [Theory]
    [InlineData(Args, "Report")]
    [InlineData("""[{"job_class":1}]""", null)]
    [InlineData("""[{"arguments":[]}]""", null)]
    [InlineData("""["job_class"]""", null)]
    [InlineData("[]", null)]
    [InlineData("null", null)]
    public void Class_inside_is_found_where_the_wrapper_does_not_name_it(string args, string? expected)
    {
        var job = SidekiqJob.Parse(Encoding.UTF8.GetBytes($$"""{"args":{{args}}}"""), "orders");

        Assert.Equal(expected, ActiveJobWrapper.JobClass(job));
    }

    [Theory]
    [InlineData(Args, "\"default\"")]
    [InlineData("""[{"queue_name":null}]""", "null")]
    [InlineData("""[{"arguments":[{"queue_name":"no"}],"queue_name":"yes"}]""", "\"yes\"")]
    [InlineData("""[{"arguments":[{"queue_name":"no"}]}]""", "")]
    [InlineData("""["queue_name"]""", "")]
    [InlineData("[]", "")]
    [InlineData("[", "")]
    [InlineData("", "")]
    public void Queue_inside_is_found_where_it_stands(string args, string expected)
    {
        var bytes = Encoding.UTF8.GetBytes(args);

        Assert.Equal(expected, Encoding.UTF8.GetString(ActiveJobWrapper.QueueName(bytes).In(bytes)));
    }

    [Fact]
    public void Arguments_are_written_with_the_queue_that_the_job_is_sent_to()
    {
        var (written, place) = Write(Args, isActiveJob: true, "a\"b");

        Assert.Equal(Args.Replace("\"default\"", "\"a\\\"b\"", StringComparison.Ordinal), written);
        Assert.Equal(written.IndexOf("\"a\\\"b\"", StringComparison.Ordinal), place);
    }

    [Fact]
    public void Place_of_a_queue_that_is_not_known_yet_stays_empty()
    {
        var (written, place) = Write(Args, isActiveJob: true, queue: null);

        Assert.Equal(Args.Replace("\"default\"", "", StringComparison.Ordinal), written);
        Assert.Equal(Args.IndexOf("\"default\"", StringComparison.Ordinal), place);
    }

    [Theory]
    [InlineData(Args, false)]
    [InlineData("""[{"arguments":[1]}]""", true)]
    [InlineData("[1]", true)]
    public void Arguments_without_such_a_place_are_written_as_they_are(string args, bool isActiveJob) =>
        Assert.Equal((args, 0), Write(args, isActiveJob, "orders"));

    static (string Written, int Place) Write(string args, bool isActiveJob, string? queue)
    {
        using var text = JobText.Rent();
        var place = ActiveJobWrapper.WriteArgs(text, Encoding.UTF8.GetBytes(args), isActiveJob, queue);
        return (Encoding.UTF8.GetString(text.Written), place);
    }
}
