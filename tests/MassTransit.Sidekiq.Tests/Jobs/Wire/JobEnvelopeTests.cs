using System.Text;

namespace MassTransit.Sidekiq.Tests.Jobs;

public class JobEnvelopeTests
{
    static readonly DateTimeOffset now = DateTimeOffset.FromUnixTimeSeconds(1795309000);

    [Fact]
    public void Due_time_that_a_client_left_inside_is_gone_once_the_job_is_in_its_queue()
    {
        var due = SidekiqJob.Parse(
            """{"class":"A","args":[],"at":1795308999.5,"enqueued_at":1795308000.5,"x":1}"""u8.ToArray(),
            "orders"
        );

        var pushed = JobMoves.Enqueued(due, now, SidekiqTimeFormat.FloatSeconds);

        Assert.Equal(
            """{"class":"A","args":[],"enqueued_at":1795309000.0,"x":1}""",
            Encoding.UTF8.GetString(pushed.Span)
        );
    }
}
