using System.Net.Mime;
using MassTransit.Context;
using MassTransit.Transports;

namespace MassTransit.Sidekiq;

/// A job in MassTransit's receive pipe. Which message it is, its class decides: one class is exactly one message type.
internal sealed class JobReceiveContext : BaseReceiveContext, TransportReceiveContext
{
    readonly JobHeaders headers;
    readonly JobMessageBody body;
    readonly JobContract? contract;

    public JobReceiveContext(SidekiqReceiveEndpointContext endpoint, SidekiqJob job, JobSettlement settlement)
        : base(IsRedelivered(job), endpoint, settlement, job)
    {
        Job = job;
        endpoint.Endpoint.Classes.TryGet(job, out contract);
        headers = new JobHeaders(job, contract, endpoint.HostAddress);
        body = new JobMessageBody(job, contract, endpoint.Endpoint);
    }

    public SidekiqJob Job { get; }

    public override MessageBody Body => body;

    protected override IHeaderProvider HeaderProvider => headers;

    public IDictionary<string, object>? GetTransportProperties() => null;

    protected override ContentType GetContentType() =>
        Job.Metadata is { } metadata
            ? metadata.ContentType is { } written
                ? new ContentType(written)
                : SidekiqMessageSerializer.ContentTypeOf(SidekiqNaming.CamelCase)
            : contract?.ContentType ?? SidekiqMessageSerializer.ContentTypeOf(SidekiqNaming.CamelCase);

    static bool IsRedelivered(SidekiqJob job) =>
        job.RetryCount is not null || job.Metadata?.Headers.ContainsKey(MessageHeaders.RedeliveryCount) == true;
}
