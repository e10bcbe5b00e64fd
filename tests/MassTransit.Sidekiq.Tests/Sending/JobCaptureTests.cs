using System.Reflection;
using System.Text;
using MassTransit.Sidekiq.Tests.Jobs;

namespace MassTransit.Sidekiq.Tests.Sending;

public sealed class JobCaptureTests
{
    [Fact]
    public async Task Message_for_a_queue_is_sent_to_nobody_and_told_as_what_would_have_been_sent()
    {
        await using var redis = await RedisServer.Lease();
        var endpoint = await Bus(redis).GetSendEndpoint(new Uri("queue:reports"));

        var captured = await JobCapture
            .Of(endpoint, new MakeInvoice(Guid.Empty, 2.5m), pipe: null, CancellationToken.None)
            .InTime();

        Assert.Equal(new PeriodicTarget { Queue = "reports" }, captured.Target);
        var job = SidekiqJob.Parse(captured.ToPeriodic(), "reports");
        Assert.Equal("Billing::InvoiceWorker", job.Class);
        Assert.Equal($$"""["{{Guid.Empty}}",2.5,"EUR"]""", Encoding.UTF8.GetString(job.Args.Span));
        Assert.True(await redis.IsEmpty());
    }

    [Fact]
    public async Task Job_has_none_of_what_each_run_gets_anew()
    {
        await using var redis = await RedisServer.Lease();
        var endpoint = await Bus(redis).GetSendEndpoint(new Uri("queue:reports"));

        var captured = await JobCapture.Of(
            endpoint,
            new SubmitOrder(7),
            Pipe.Execute<SendContext<SubmitOrder>>(context => context.TimeToLive = TimeSpan.FromHours(1)),
            CancellationToken.None
        );

        var job = SidekiqJob.Parse(captured.ToPeriodic(), "reports");
        Assert.Equal((null, null, null), (job.Jid, job.CreatedAt, job.EnqueuedAt));
        Assert.Equal(
            (null, null, null),
            (job.Metadata!.MessageId, job.Metadata.ConversationId, job.Metadata.ExpiresAt)
        );
        Assert.False(job.TryGet("queue", out _));
    }

    [Fact]
    public async Task What_its_sender_sets_on_it_is_kept()
    {
        await using var redis = await RedisServer.Lease();
        var endpoint = await Bus(redis).GetPublishSendEndpoint<MakeInvoice>();

        var captured = await JobCapture.Of(
            endpoint,
            new MakeInvoice(Guid.Empty, 2.5m),
            Pipe.Execute<SendContext<MakeInvoice>>(context =>
            {
                context.Headers.Set("tenant", "acme");
                context.Job(job => job.Retry = 3);
            }),
            CancellationToken.None
        );

        var sent = SidekiqJob.Parse(captured.ToPeriodic(), "reports");
        Assert.Equal(SidekiqRetry.Times(3), sent.Retry);
        Assert.Equal("acme", sent.Metadata!.Headers["tenant"]);
        Assert.Equal(("billing", "Billing::InvoiceWorker"), captured.Target!.Static);
        Assert.EndsWith(":MakeInvoice", captured.Target.Topic, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Periodic_job_is_in_no_batch()
    {
        await using var redis = await RedisServer.Lease();
        var endpoint = await Bus(redis).GetSendEndpoint(new Uri("queue:reports"));

        var captured = await JobCapture.Of(
            endpoint,
            new SubmitOrder(7),
            Pipe.Execute<SendContext<SubmitOrder>>(context => context.Job(job => job.BatchId = "b")),
            CancellationToken.None
        );

        var fault = Assert.Throws<InvalidOperationException>(() => captured.ToPeriodic());
        Assert.Contains("batch 'b'", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Message_that_its_endpoint_does_not_send_is_no_periodic_job()
    {
        var endpoint = DispatchProxy.Create<ISendEndpoint, Silent>();

        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            JobCapture.Of(endpoint, new SubmitOrder(7), pipe: null, CancellationToken.None)
        );

        Assert.StartsWith("SubmitOrder ", fault.Message, StringComparison.Ordinal);
    }

    // Configured, and never started.
    static IBusControl Bus(RedisDatabase redis) =>
        MassTransit.Bus.Factory.CreateUsingSidekiq(cfg => cfg.Host(redis.Url));

    // An endpoint that takes every message and does nothing with it.
    public class Silent : DispatchProxy
    {
        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => Task.CompletedTask;
    }
}
