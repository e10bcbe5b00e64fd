using System.Diagnostics;
using System.Runtime.ExceptionServices;
using MassTransit.Middleware;
using MassTransit.Transports;

namespace MassTransit.Sidekiq;

// Sends messages to one queue or topic: a message becomes a job, and the job one step in Redis.
internal sealed class JobSendTransportContext(
    BusRuntime runtime,
    ReceiveEndpointContext endpoint,
    JobDestination destination
) : BaseSendTransportContext(runtime.Host, endpoint.Serialization), SendTransportContext<PipeContext>
{
    public override string EntityName => destination.Name;

    public override string ActivitySystem => "sidekiq";

    public override async Task<SendContext<T>> CreateSendContext<T>(
        T message,
        IPipe<SendContext<T>> pipe,
        CancellationToken cancellationToken
    )
    {
        var context = new JobSendContext<T>(message, cancellationToken, runtime) { Observers = SendObservers };
        await pipe.Send(context).ConfigureAwait(false);

        // The contract names the properties, unless another serializer writes the body (encrypted, forwarded unchanged).
        var contract = runtime.Contracts.For<T>();
        if (contract.Naming != SidekiqNaming.CamelCase && context.Serializer is SidekiqMessageSerializer)
        {
            context.Serializer = Serialization.GetMessageSerializer(contract.ContentType);
        }

        return context;
    }

    public Task<SendContext<T>> CreateSendContext<T>(
        PipeContext context,
        T message,
        IPipe<SendContext<T>> pipe,
        CancellationToken cancellationToken
    )
        where T : class => CreateSendContext(message, pipe, cancellationToken);

    public Task Send(IPipe<PipeContext> pipe, CancellationToken cancellationToken = default) =>
        pipe.Send(new SendPipeContext(cancellationToken));

    public Task Send<T>(PipeContext transportContext, SendContext<T> sendContext)
        where T : class
    {
        var context =
            sendContext as JobSendContext<T>
            ?? throw new ArgumentException(
                $"{sendContext.GetType()} was not made by this transport.",
                nameof(sendContext)
            );

        context.CancellationToken.ThrowIfCancellationRequested();

        var now = runtime.Clock.GetUtcNow();

        // The body first: the serializer may set the message types only while it writes it.
        _ = context.Body;
        var contract = runtime.Contracts.Of(context);
        var draft = MessageToJob.Draft(context, contract, now, runtime.TimeFormat);
        var job = new OutgoingJob(
            draft.Class,
            context.MessageId ?? Guid.Empty,
            draft,
            Due: context.Delay is { } delay && delay > TimeSpan.Zero ? now + delay : null,
            Token: context.ScheduledMessageId,
            Queue: contract.Queue,
            Entities: context.Stored?.Entities,
            Unique: UniqueJob.Of(draft.Options.Unique, draft.Args, draft.Wrapped),
            Batch: draft.Options.Batch
        );
        if (context.Capture is { } capture)
        {
            return Capture(capture, job);
        }

        SidekiqMeter.CountSent(destination.Name, destination.IsTemporary);
        MessagingActivity.Describe(ActivityKind.Producer, "send", "send");
        draft.EnqueuedAt = job.Due is null ? now : null;
        var process = runtime.Process;
        var answers = context.RequestId is null
            ? Task.CompletedTask
            : process.Temporary.Expect(context.ResponseAddress);
        var sent = answers.IsCompletedSuccessfully ? destination.Send(process, job) : SendAfter(answers, process, job);

        return job.Unique is not null
                ? Conclude(Watch(sent, process, job, context.CancellationToken), context, job.Unique)
            : sent.IsCompletedSuccessfully ? Task.CompletedTask
            : Watch(sent, process, job, context.CancellationToken);
    }

    static async Task Conclude<T>(Task sent, JobSendContext<T> context, UniqueJob unique)
        where T : class
    {
        await sent.ConfigureAwait(false);
        if (unique.Conflicts is not [var conflict, ..])
        {
            return;
        }

        if (unique.OnConflict == SidekiqConflict.Throw)
        {
            throw new JobNotUniqueException(conflict);
        }

        context.AddOrUpdatePayload(() => conflict, _ => conflict);
    }

    public void Probe(ProbeContext context) => context.Add("destination", destination.Name);

    async Task Capture(Action<PeriodicTarget, JobDraft> capture, OutgoingJob job) =>
        capture(await destination.Describe(runtime.Process, job).ConfigureAwait(false), job.Draft!);

    async Task SendAfter(Task first, SidekiqProcess process, OutgoingJob job)
    {
        await first.ConfigureAwait(false);
        await destination.Send(process, job).ConfigureAwait(false);
    }

    // A cancelled call returns at once, whatever Redis does with the command that was already sent.
    async Task Watch(Task sent, SidekiqProcess process, OutgoingJob job, CancellationToken cancellationToken)
    {
        try
        {
            await sent.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is ConnectionException or OperationCanceledException)
        {
            await Interrupted(fault, process, job, cancellationToken).ConfigureAwait(false);
        }
    }

    async Task Interrupted(
        Exception interruption,
        SidekiqProcess process,
        OutgoingJob job,
        CancellationToken cancellationToken
    )
    {
        try
        {
            if (interruption is not ConnectionException { IsTransient: true } lost || RedisErrors.IsFull(lost))
            {
                ExceptionDispatchInfo.Throw(interruption);
            }

            await Repeat(process, job, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException cancelled) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(
                $"Sending message {job.MessageId} to '{destination.Name}' was cancelled before Redis answered. "
                    + "Its job may still have been enqueued.",
                cancelled,
                cancellationToken
            );
        }
        catch (Exception fault)
            when (fault is ConnectionException or OperationCanceledException && process.Stopping.IsCancellationRequested
            )
        {
            throw new ConnectionException(
                $"Message {job.MessageId} to '{destination.Name}' was not sent: the bus at {runtime.Address} has stopped, "
                    + "and its connection to Redis is closed. Send before it stops, or start it again.",
                fault,
                isTransient: false
            );
        }
    }

    // After a lost connection the same job, with the same jid, is sent again once Redis is back, until the caller cancels or
    // the bus stops. A full Redis is reported at once: a consumer that waits for memory to send to does not free any.
    async Task Repeat(SidekiqProcess process, OutgoingJob job, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, process.Stopping);
        var backOff = new BackOff();
        while (true)
        {
            await process.Redis.Pause(backOff.Next(), either.Token).ConfigureAwait(false);
            try
            {
                await destination.Send(process, job).WaitAsync(cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (ConnectionException fault) when (fault.IsTransient && !RedisErrors.IsFull(fault))
            {
                // Retried until the caller cancels or the bus stops.
            }
        }
    }

    sealed class SendPipeContext(CancellationToken cancellationToken) : BasePipeContext(cancellationToken);
}
