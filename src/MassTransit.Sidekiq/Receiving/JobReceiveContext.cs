using System.Diagnostics;
using System.Net.Mime;
using MassTransit.Context;
using MassTransit.Logging;
using MassTransit.Transports;

namespace MassTransit.Sidekiq;

/// A job in MassTransit's receive pipe. Which message it is, its class decides: one class is exactly one message type.
internal sealed class JobReceiveContext
    : BaseReceiveContext,
        TransportReceiveContext,
        ReceiveContext,
        RoutingKeyConsumeContext,
        PartitionKeyConsumeContext
{
    static readonly string jobService = typeof(Contracts.JobService.StartJob).Namespace!;

    readonly JobHeaders headers;
    readonly JobMessageBody body;
    readonly JobSettlement settlement;
    readonly JobContract? contract;

    public JobReceiveContext(SidekiqReceiveEndpointContext endpoint, SidekiqJob job, JobSettlement settlement)
        : base(IsRedelivered(job), endpoint, settlement, job)
    {
        Job = job;
        this.settlement = settlement;
        endpoint.Endpoint.Classes.TryGet(job, out contract);
        headers = new JobHeaders(job, contract, endpoint.HostAddress);
        body = new JobMessageBody(job, contract, endpoint.Endpoint);
    }

    public SidekiqJob Job { get; }

    /// The class that it is counted as; null when no consumer here takes it.
    public string? KnownClass => contract is null ? null : Job.Wrapped ?? Job.Class;

    /// What the contract says of failures, for a job that another client pushed.
    public JobFailureOptions FailureOptions =>
        contract is null ? JobFailureOptions.None : JobFailureOptions.From(contract.Options);

    /// One of the commands and events by which MassTransit runs job consumers.
    public bool IsOfJobService =>
        contract?.MessageType.Namespace?.StartsWith(jobService, StringComparison.Ordinal) == true;

    public override MessageBody Body => body;

    public string? RoutingKey => Job.Metadata?.RoutingKey;

    public string? PartitionKey => Job.Metadata?.PartitionKey;

    /// As OpenTelemetry's rules for messaging want it.
    public Task NameActivity()
    {
        if (Activity.Current is { Source.Name: DiagnosticHeaders.DefaultListenerName } activity)
        {
            activity.SetTag(DiagnosticHeaders.Messaging.System, "sidekiq");
            activity.SetTag(DiagnosticHeaders.Messaging.DestinationName, Job.Queue);
        }

        return Task.CompletedTask;
    }

    protected override IHeaderProvider HeaderProvider => headers;

    /// MassTransit publishes a fault for what it could not read, unless there was one already. A job that is tried again
    /// gets none before its last failure, as when its consumer fails.
    bool ReceiveContext.IsFaulted => IsFaulted || (body.Fault is { } fault && settlement.WillRetry(fault));

    public IDictionary<string, object>? GetTransportProperties() => null;

    /// A job from elsewhere (which has headers when it was moved or delivered again), and arguments without names of their own, are written as the contract names its properties.
    protected override ContentType GetContentType()
    {
        var written = Job.Metadata?.ContentType is { } named
            ? new ContentType(named)
            : SidekiqMessageSerializer.ContentTypeOf(SidekiqNaming.CamelCase);
        var isForeign = Job.Metadata?.MessageTypes is null or [];
        var isNamedHere = isForeign || contract is { Args: not SidekiqArgs.Hash };

        return contract is not null && isNamedHere && JobEnvelope.IsBare(written) ? contract.ContentType : written;
    }

    static bool IsRedelivered(SidekiqJob job) =>
        job.RetryCount is not null || job.Metadata?.Headers.ContainsKey(MessageHeaders.RedeliveryCount) == true;
}
