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

    /// A job from elsewhere, and arguments without names of their own, are written as the contract names its properties.
    protected override ContentType GetContentType()
    {
        var written = Job.Metadata?.ContentType is { } named
            ? new ContentType(named)
            : SidekiqMessageSerializer.ContentTypeOf(SidekiqNaming.CamelCase);
        var isNamedHere = Job.Metadata is null || contract is { Args: not SidekiqArgs.Hash };

        return contract is not null && isNamedHere && JobEnvelope.IsJson(written) ? contract.ContentType : written;
    }

    static bool IsRedelivered(SidekiqJob job) =>
        job.RetryCount is not null || job.Metadata?.Headers.ContainsKey(MessageHeaders.RedeliveryCount) == true;
}
