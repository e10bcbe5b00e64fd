using System.Text;

namespace MassTransit.Sidekiq.Tests.Jobs;

public sealed class OutgoingJobTests
{
    static readonly Guid id = new("a1b2c3d4-0000-0000-0000-000000000001");

    [Fact]
    public void Draft_becomes_the_job_of_its_queue_with_the_jid_of_its_message()
    {
        var job = new OutgoingJob("Pay", id, Draft: new JobDraft { Class = "Pay", Args = "[1]"u8.ToArray() });

        Assert.Equal(
            $$"""{"retry":true,"queue":"orders","args":[1],"class":"Pay","jid":"{{JobId.From(id)}}"}""",
            Text(job.ToJob("orders"))
        );
    }

    [Fact]
    public void Parts_become_the_job_of_its_queue_under_the_class_that_it_is_sent_as()
    {
        var job = new OutgoingJob("Pay", id, Parts: Parts("""{"retry":3,"x":1}"""));

        Assert.Equal(
            $$"""{"queue":"orders","args":[1],"class":"Pay","jid":"{{JobId.From(id)}}","retry":3,"x":1}""",
            Text(job.ToJob("orders"))
        );
    }

    [Fact]
    public void Job_has_the_same_jid_in_whichever_queue_and_another_for_another_message()
    {
        var job = new OutgoingJob("Pay", id, Parts: Parts("""{"retry":3}"""));

        Assert.Equal(Jid(job, "orders"), Jid(job, "mails"));
        Assert.NotEqual(Jid(job, "orders"), Jid(job with { MessageId = Guid.NewGuid() }, "orders"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Filled_template_is_the_job_itself(bool isStored)
    {
        var draft = new JobDraft { Class = "Pay", Args = "[1]"u8.ToArray() };
        var job = isStored
            ? new OutgoingJob("Pay", id, Parts: Parts("""{"retry":3}"""))
            : new OutgoingJob("Pay", id, Draft: draft);

        Assert.Equal(Text(job.ToJob("orders")), Text(job.ToTemplate().Fill("orders", "Pay", JobId.From(id))));
    }

    static JobParts Parts(string rest) =>
        new(Encoding.UTF8.GetBytes(rest), "[1]"u8.ToArray(), EnqueuedAt: null, SidekiqTimeFormat.FloatSeconds);

    static string? Jid(OutgoingJob job, string queue) => SidekiqJob.Parse(job.ToJob(queue), queue).Jid;

    static string Text(byte[] json) => Encoding.UTF8.GetString(json);
}
