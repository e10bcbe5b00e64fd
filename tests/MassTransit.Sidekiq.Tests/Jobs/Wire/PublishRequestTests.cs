namespace MassTransit.Sidekiq.Tests.Jobs;

public sealed class PublishRequestTests
{
    static readonly OutgoingJob job = new(
        "Pay",
        new Guid("a1b2c3d4-0000-0000-0000-000000000001"),
        new JobDraft { Class = "Pay", Args = "[1]"u8.ToArray() },
        Due: TestClock.Start,
        Token: new Guid("a1b2c3d4-0000-0000-0000-000000000002")
    );

    [Fact]
    public void Publish_carries_what_its_job_says()
    {
        var request = PublishRequest.ToTopic("Shop:Order", known: null, job);

        Assert.Equal(
            (job.Class, job.MessageId, job.Due, job.Token),
            (request.Class, request.MessageId, request.Due, request.Token)
        );
        Assert.Equal(job.ToJob("orders"), request.Template.Fill("orders", "Pay", JobId.From(job.MessageId)));
    }

    [Fact]
    public void Publish_reaches_the_entities_that_are_known_and_Redis_is_asked_for_no_other()
    {
        var request = PublishRequest.ToTopic("Shop:Order", ["Shop:Order", "Shop:IOrder"], job);

        Assert.Equal(["Shop:Order", "Shop:IOrder"], request.Entities);
        Assert.False(request.FollowImplements);
    }

    [Fact]
    public void Publish_to_an_address_alone_leaves_what_it_implements_to_Redis()
    {
        var request = PublishRequest.ToTopic("Shop:Order", known: null, job);

        Assert.Equal(["Shop:Order"], request.Entities);
        Assert.True(request.FollowImplements);
    }

    [Fact]
    public void Exchange_is_one_only_where_nobody_knows_a_topic_of_its_name()
    {
        Assert.True(PublishRequest.ToTopic("orders", known: null, job, isExchange: true).IsExchange);
        Assert.False(PublishRequest.ToTopic("orders", ["orders"], job, isExchange: true).IsExchange);
        Assert.False(PublishRequest.ToTopic("orders", known: null, job).IsExchange);
    }

    [Fact]
    public void Queue_of_the_contract_gets_a_copy_besides_the_subscribers()
    {
        Assert.Empty(PublishRequest.ToTopic("Shop:Order", known: null, job).Static);
        Assert.Equal(
            [("billing", "Pay")],
            PublishRequest.ToTopic("Shop:Order", known: null, job with { Queue = "billing" }).Static
        );
    }

    [Fact]
    public void Copy_for_one_queue_goes_there_alone_whatever_its_contract_names()
    {
        var request = PublishRequest.ToQueue("orders", job with { Queue = "billing" });

        Assert.Empty(request.Entities);
        Assert.Equal([("orders", "Pay")], request.Static);
        Assert.Equal((job.Class, job.MessageId), (request.Class, request.MessageId));
        Assert.False(request.FollowImplements || request.IsExchange);
        Assert.Equal(job.ToJob("orders"), request.Template.Fill("orders", "Pay", JobId.From(job.MessageId)));
    }
}
