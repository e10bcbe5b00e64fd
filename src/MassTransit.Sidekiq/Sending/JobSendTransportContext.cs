using MassTransit.Middleware;
using MassTransit.Transports;

namespace MassTransit.Sidekiq;

/// Sends messages to one queue or topic: a message becomes a job, the job one step in Redis.
internal sealed class JobSendTransportContext(
    SidekiqHostConfiguration host,
    ReceiveEndpointContext endpoint,
    JobDestination destination
) : BaseSendTransportContext(host, endpoint.Serialization), SendTransportContext<PipeContext>
{
    public override string EntityName => destination.Name;

    public override string ActivitySystem => "sidekiq";

    public override async Task<SendContext<T>> CreateSendContext<T>(
        T message,
        IPipe<SendContext<T>> pipe,
        CancellationToken cancellationToken
    )
    {
        var context = new JobSendContext<T>(message, cancellationToken) { Observers = SendObservers };
        await pipe.Send(context).ConfigureAwait(false);

        // The contract names the properties, unless the body is somebody else's: encrypted, forwarded as it came.
        var contract = host.Contracts.For<T>();
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

        var now = host.Clock.GetUtcNow();
        var contract = host.Contracts.For<T>();
        var draft = JobEnvelope.Draft(context, contract, now, host.Settings.TimeFormat);
        if (context.Capture is { } capture)
        {
            return Capture(capture, new OutgoingJob(draft, contract, Guid.Empty, Due: null, Token: null));
        }

        var due = context.Delay is { } delay && delay > TimeSpan.Zero ? now + delay : (DateTimeOffset?)null;
        var sent = destination.Send(
            host.Process,
            new OutgoingJob(draft, contract, context.MessageId ?? Guid.Empty, due, context.ScheduledMessageId)
        );

        return sent.IsCompletedSuccessfully ? Task.CompletedTask : Watch(sent, draft, contract, context, due);
    }

    async Task Capture(PeriodicCapture capture, OutgoingJob job) =>
        capture.Take(await destination.Describe(host.Process, job).ConfigureAwait(false), job.Draft);

    public void Probe(ProbeContext context) => context.Add("destination", destination.Name);

    /// A lost connection is waited out: the same job, with the same jid, is sent again once Redis is back, until the
    /// caller gives up or the bus stops. A full Redis is told at once: a consumer that waits for room to send frees none.
    async Task Watch<T>(Task sent, JobDraft draft, JobContract contract, JobSendContext<T> context, DateTimeOffset? due)
        where T : class
    {
        try
        {
            await sent.ConfigureAwait(false);
        }
        catch (ConnectionException fault) when (fault.IsTransient && !RedisErrors.IsFull(fault))
        {
            var job = new OutgoingJob(
                draft,
                contract,
                context.MessageId ?? Guid.Empty,
                due,
                context.ScheduledMessageId
            );
            await Repeat(() => destination.Send(host.Process, job), context.CancellationToken).ConfigureAwait(false);
        }
    }

    async Task Repeat(Func<Task> send, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, host.Process.Stopping);
        var backOff = new BackOff();
        while (true)
        {
            await host.Process.Redis.Pause(backOff.Next(), either.Token).ConfigureAwait(false);
            try
            {
                await send().ConfigureAwait(false);
                return;
            }
            catch (ConnectionException fault) when (fault.IsTransient && !RedisErrors.IsFull(fault))
            {
                // Until the caller gives up or the bus stops.
            }
        }
    }

    sealed class SendPipeContext(CancellationToken cancellationToken) : BasePipeContext(cancellationToken);
}
