using System.Diagnostics;
using System.Net.Mime;
using MassTransit.Context;
using MassTransit.Logging;
using MassTransit.Transports;

namespace MassTransit.Sidekiq;

// A job in MassTransit's receive pipe. Which message it is, its class decides: one class is exactly one message type.
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
    List<Exception>? told;
    bool isFaulted;

    public JobReceiveContext(SidekiqReceiveEndpointContext endpoint, SidekiqJob job, JobSettlement settlement)
        : base(IsRedelivered(job), endpoint, settlement, job)
    {
        Job = job;
        this.settlement = settlement;
        endpoint.Endpoint.Classes.TryGet(job, out var contract);
        headers = new JobHeaders(job, contract, endpoint.HostAddress);
        body = new JobMessageBody(job, contract, endpoint.Endpoint);
    }

    public SidekiqJob Job { get; }

    // Whether its endpoint stops and asked it to end.
    public bool IsCancelled { get; private set; }

    // The class that it is counted as; null when no consumer here takes it.
    public string? KnownClass => body.Contract is null ? null : Job.Wrapped ?? Job.Class;

    // What the contract says of failures, for a job that another client pushed.
    public JobFailureOptions FailureOptions =>
        body.Contract is null ? JobFailureOptions.None : JobFailureOptions.From(body.Contract.Options);

    // One of the commands and events by which MassTransit runs job consumers.
    public bool IsOfJobService =>
        body.Contract?.MessageType.Namespace?.StartsWith(jobService, StringComparison.Ordinal) == true;

    public override MessageBody Body => body;

    public string? RoutingKey => Job.Metadata?.RoutingKey;

    public string? PartitionKey => Job.Metadata?.PartitionKey;

    // MassTransit publishes a fault for what it could not read, unless there was one already. A job that is tried again
    // gets none before its last failure, as when its consumer fails.
    bool ReceiveContext.IsFaulted => isFaulted || (body.Fault is { } fault && settlement.WillRetry(fault));

    // True once for each exception: its stack is worth one log line, and whoever comes to it first writes it.
    public bool IsNews(Exception exception)
    {
        var original = ReadableException.Original(exception);
        lock (headers)
        {
            if (told?.Contains(original) == true)
            {
                return false;
            }

            (told ??= []).Add(original);
            return true;
        }
    }

    // As the base does it, but for three things: a failure that is tried again is no error in the log, what the log holds
    // already is not written again, and an observer that throws changes nothing for the job.
    public override Task NotifyFaulted<T>(
        ConsumeContext<T> context,
        TimeSpan duration,
        string consumerType,
        Exception exception
    )
    {
        isFaulted = true;
        if (exception is OperationCanceledException cancelled && cancelled.CancellationToken == CancellationToken)
        {
            context.LogCanceled(duration, consumerType);
        }
        else if (IsNews(exception))
        {
            if (settlement.RunsAgain)
            {
                LogContext.Warning?.Log(
                    exception,
                    "R-FAULT {InputAddress} {MessageId} {MessageType} {ConsumerType}({Duration})",
                    InputAddress,
                    context.MessageId,
                    TypeCache<T>.ShortName,
                    consumerType,
                    duration
                );
            }
            else
            {
                context.LogFaulted(duration, consumerType, exception);
            }
        }

        GetOrAddPayload<ConsumerFaultContext>(() => new FailedConsumer(TypeCache<T>.ShortName, consumerType));

        return Observed(() => settlement.Observers.ConsumeFault(context, duration, consumerType, exception));
    }

    public override Task NotifyFaulted(Exception exception)
    {
        isFaulted = true;
        if (IsNews(exception))
        {
            this.LogFaulted(exception);
        }

        return Observed(() => settlement.Observers.ReceiveFault(this, exception));
    }

    // A consumer may have hung what it likes on its token.
    public void CancelSafely()
    {
        IsCancelled = true;
        try
        {
            Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The job has ended meanwhile.
        }
        catch (Exception fault)
        {
            LogContext.Warning?.Log(
                ReadableException.For(fault),
                "What job {JobId} ({Class}) registered on its CancellationToken failed when the job was cancelled",
                Job.Jid,
                Job.Class
            );
        }
    }

    // As OpenTelemetry's rules for messaging want it.
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

    public IDictionary<string, object>? GetTransportProperties() => null;

    // A job from elsewhere (which has headers when it was moved or delivered again), and arguments without names of their own, are written as the contract names its properties.
    protected override ContentType GetContentType()
    {
        var written = Job.Metadata?.ContentType is { } named
            ? new ContentType(named)
            : JobContentType.Of(SidekiqNaming.CamelCase);
        var isForeign = Job.Metadata?.MessageTypes is null or [];
        var isNamedHere = isForeign || body.Contract is { Args: not SidekiqArgs.Hash };

        return body.Contract is not null && isNamedHere && JobContentType.IsBare(written)
            ? body.Contract.ContentType
            : written;
    }

    // Unless somebody has been told of one.
    public Task NotifyOfFault(Exception exception) => isFaulted ? Task.CompletedTask : NotifyFaulted(exception);

    async Task Observed(Func<Task> notify)
    {
        try
        {
            await notify().ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            LogContext.Warning?.Log(
                ReadableException.For(fault),
                "An observer of {InputAddress} failed when it heard of a fault",
                InputAddress
            );
        }
    }

    static bool IsRedelivered(SidekiqJob job) =>
        job.RetryCount is not null || job.Metadata?.Headers.ContainsKey(MessageHeaders.RedeliveryCount) == true;

    sealed record FailedConsumer(string MessageType, string ConsumerType) : ConsumerFaultContext;
}
