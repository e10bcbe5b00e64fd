using System.Diagnostics;
using System.Net.Mime;
using MassTransit.Context;
using MassTransit.Logging;
using MassTransit.Transports;

namespace MassTransit.Sidekiq;

// A job in MassTransit's receive pipe. Its class determines the message: one class is exactly one message type.
internal sealed class JobReceiveContext
    : BaseReceiveContext,
        TransportReceiveContext,
        ReceiveContext,
        RoutingKeyConsumeContext,
        PartitionKeyConsumeContext,
        IJobRun
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

    // Whether it is stopped with its endpoint, and runs again.
    public bool IsInterrupted { get; private set; }

    // Whether it is stopped on request, and does not run again.
    public bool IsCancelled { get; private set; }

    // The class that it is counted under; null when no consumer here takes it.
    public string? KnownClass => body.Contract is null ? null : Job.Wrapped ?? Job.Class;

    // The contract's retry options, for a job that another client pushed.
    public JobFailureOptions FailureOptions =>
        body.Contract is null ? JobFailureOptions.None : JobFailureOptions.From(body.Contract.Options);

    // Whether it is a command or event of MassTransit's job consumers.
    public bool IsOfJobService =>
        body.Contract?.MessageType.Namespace?.StartsWith(jobService, StringComparison.Ordinal) == true;

    public override MessageBody Body => body;

    public string? RoutingKey => Job.Metadata?.RoutingKey;

    public string? PartitionKey => Job.Metadata?.PartitionKey;

    // MassTransit publishes a fault for a job that it could not read, unless one was already published. A job that is retried
    // gets none before its last failure, as when its consumer fails.
    bool ReceiveContext.IsFaulted => isFaulted || (body.Fault is { } fault && settlement.WillRetry(fault));

    // A job that a limit denied is settled without a consumer, and is no dead letter.
    bool ReceiveContext.IsDelivered => IsDelivered || settlement.IsSettled;

    // True once for each exception: its stack trace is logged once, by the first caller.
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

    // As the base does, with three differences: a failure that is retried is not logged as an error, an exception is not logged
    // twice, and an observer that throws does not affect the job.
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
            if (settlement.RunsAgain || IsCancelled)
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

    public void Interrupt()
    {
        IsInterrupted = true;
        CancelSafely();
    }

    // It was cancelled before it began, and nothing has registered on its token yet.
    public void StopOnRequest()
    {
        IsCancelled = true;
        CancelSafely();
    }

    // On a thread of its own: what a consumer has registered on its token may block.
    void IJobRun.Cancel()
    {
        if (!IsCancelled)
        {
            IsCancelled = true;
            ThreadPool.QueueUserWorkItem(static job => job.CancelSafely(), this, preferLocal: false);
        }
    }

    // The callbacks that a consumer registered on its token may throw.
    void CancelSafely()
    {
        try
        {
            Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The job has ended in the meantime.
        }
        catch (Exception fault)
        {
            LogContext.Warning?.Log(
                ReadableException.For(fault),
                "A callback that job {JobId} ({Class}) registered on its CancellationToken failed when the job was cancelled",
                Job.Jid,
                Job.Class
            );
        }
    }

    // By OpenTelemetry's semantic conventions for messaging.
    public Task NameActivity()
    {
        MessagingActivity
            .Describe(ActivityKind.Consumer, "receive", "process")
            ?.SetTag(DiagnosticHeaders.Messaging.DestinationName, Job.Queue);
        return Task.CompletedTask;
    }

    protected override IHeaderProvider HeaderProvider => headers;

    public IDictionary<string, object>? GetTransportProperties() => null;

    protected override ContentType GetContentType()
    {
        if (body.Contract is { } contract)
        {
            return contract.ContentTypeOf(Job);
        }

        return Job.Metadata?.ContentType is { } named
            ? new ContentType(named)
            : JobContentType.Of(SidekiqNaming.CamelCase);
    }

    // Unless a fault has already been reported.
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
                "An observer of {InputAddress} failed when it was notified of a fault",
                InputAddress
            );
        }
    }

    static bool IsRedelivered(SidekiqJob job) =>
        job.RetryCount is not null || job.Metadata?.Headers.ContainsKey(MessageHeaders.RedeliveryCount) == true;

    sealed record FailedConsumer(string MessageType, string ConsumerType) : ConsumerFaultContext;
}
