using System.Text;

namespace MassTransit.Sidekiq.Tests.Jobs;

public sealed class JobPartsTests
{
    const string ActiveJob = """[{"job_class":"Report","queue_name":null,"arguments":[]}]""";

    static readonly DateTimeOffset now = TestClock.Start;

    [Fact]
    public void Time_of_the_push_stands_last_and_in_the_form_that_is_asked_for()
    {
        Assert.EndsWith(
            $$""","retry":3,"enqueued_at":{{TestClock.Seconds(now)}}}""",
            Write(Parts() with { EnqueuedAt = now }),
            StringComparison.Ordinal
        );
        Assert.EndsWith(
            $$""","enqueued_at":{{now.ToUnixTimeMilliseconds()}}}""",
            Write(Parts() with { EnqueuedAt = now, Times = SidekiqTimeFormat.IntegerMilliseconds }),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Scheduled_job_has_no_time_of_a_push() =>
        Assert.Equal(
            """{"queue":"orders","args":[1],"class":"Pay","jid":"j1d","retry":3}""",
            Write(Parts() with { EnqueuedAt = null })
        );

    [Fact]
    public void Names_are_written_as_JSON_writes_them()
    {
        var job = SidekiqJob.Parse(Parts().Write("a\"b", "C\\d", "é\n"), "a\"b");

        Assert.Equal(("C\\d", "é\n"), (job.Class, job.Jid));
        Assert.True(job.TryGet("queue", out var queue));
        Assert.Equal("a\"b", queue.GetString());
    }

    [Fact]
    public void ActiveJob_that_leaves_its_queue_open_is_told_it()
    {
        var parts = Parts() with { Args = Encoding.UTF8.GetBytes(ActiveJob), IsActiveJob = true };

        Assert.Contains("""{"job_class":"Report","queue_name":"orders",""", Write(parts), StringComparison.Ordinal);
        Assert.Equal(Write(parts), Encoding.UTF8.GetString(parts.ToTemplate().Fill("orders", "Pay", "j1d")));
    }

    [Fact]
    public void Arguments_that_only_look_like_an_ActiveJobs_are_nobodys_to_change()
    {
        var parts = Parts() with { Args = Encoding.UTF8.GetBytes(ActiveJob) };

        Assert.Contains(ActiveJob, Write(parts), StringComparison.Ordinal);
        Assert.Equal(0, parts.ToTemplate().QueueInside);
    }

    static JobParts Parts() =>
        new("""{"retry":3}"""u8.ToArray(), "[1]"u8.ToArray(), now, SidekiqTimeFormat.FloatSeconds);

    static string Write(JobParts parts) => Encoding.UTF8.GetString(parts.Write("orders", "Pay", "j1d"));
}
