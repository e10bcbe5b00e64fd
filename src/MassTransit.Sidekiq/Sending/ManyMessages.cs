using System.Globalization;

namespace MassTransit.Sidekiq;

/// <summary>
/// Sends a source of any length, by the road of a single send, so that options, filters, locks and outboxes hold as there.
/// 1. Each message is sent when it is read, and not awaited: PushLane makes few commands of many.
///    The first one is: a step that Redis does not know yet would be overtaken while it is loaded.
/// 2. With two slices under way, the older one is awaited before the next is read. That bounds what is held.
/// 3. After a fault nothing more is read, and all that is under way is awaited: the count is exact.
/// </summary>
internal sealed class ManyMessages<T>
    where T : class
{
    const int SliceSize = 1000;

    // Multiples of the golden ratio divide a period evenly, however many there will be, and without chance.
    const double GoldenRatio = 0.618033988749894848;

    readonly Func<T, IPipe<SendContext<T>>, CancellationToken, Task> send;
    readonly bool isPublish;
    readonly SendManyOptions options;
    readonly CancellationToken cancellationToken;
    readonly Queue<Message> underWay = new(2 * SliceSize);
    long started;
    long sent;

    public ManyMessages(
        Func<T, IPipe<SendContext<T>>, CancellationToken, Task> send,
        bool isPublish,
        SendManyOptions options,
        CancellationToken cancellationToken
    )
    {
        if (options.Spread < TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options),
                options.Spread,
                $"Spread is {options.Spread}, and must not be negative. Leave it out to send without spreading."
            );
        }

        (this.send, this.isPublish, this.options) = (send, isPublish, options);
        this.cancellationToken = cancellationToken;
    }

    public async Task<long> Send(IAsyncEnumerable<T> messages)
    {
        try
        {
            await foreach (var message in messages.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                cancellationToken.ThrowIfCancellationRequested();
                underWay.Enqueue(Start(message));
                if (started == 1)
                {
                    await underWay.Peek().Sent.ConfigureAwait(false);
                }
                else if (underWay.Count == 2 * SliceSize)
                {
                    await EndSlice().ConfigureAwait(false);
                }
            }

            while (underWay.Count > 0)
            {
                await EndSlice().ConfigureAwait(false);
            }

            return sent;
        }
        catch (Exception fault)
        {
            await EndAll().ConfigureAwait(false);
            if (fault is OperationCanceledException && cancellationToken.IsCancellationRequested)
            {
                throw new OperationCanceledException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"Sending messages of type {TypeCache<T>.ShortName} was cancelled after {sent:N0}."
                    ),
                    fault,
                    cancellationToken
                );
            }

            throw new SendManyException(TypeCache<T>.ShortName, sent, fault);
        }
    }

    Message Start(T content)
    {
        var message = new Message(this, started++);
        message.Sent = send(content, message, cancellationToken);

        return message;
    }

    async Task EndSlice()
    {
        var slice = new List<SentMessage>(options.Sent is null ? 0 : SliceSize);
        for (var count = Math.Min(SliceSize, underWay.Count); count > 0; count--)
        {
            await underWay.Peek().Sent.ConfigureAwait(false);
            sent++;
            var message = underWay.Dequeue();
            if (options.Sent is not null)
            {
                slice.Add(message.Describe(isPublish));
            }
        }

        options.Sent?.Invoke(slice);
        options.Progress?.Report(sent);
    }

    // Only those count that have none before them that failed.
    async Task EndAll()
    {
        var isUnbroken = true;
        while (underWay.TryDequeue(out var message))
        {
            await message.Sent.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            isUnbroken &= message.Sent.IsCompletedSuccessfully;
            sent += isUnbroken ? 1 : 0;
        }
    }

    void Prepare(SendContext context, long index)
    {
        var spread = options.Spread * (index * GoldenRatio % 1);
        if (options.At is { } at)
        {
            var clock = context.TryGetPayload<SidekiqSendContext>(out var job) ? job.Clock : TimeProvider.System;
            context.Delay = at + spread - clock.GetUtcNow();
        }
        else if (spread > TimeSpan.Zero)
        {
            context.Delay = spread;
        }

        options.Configure?.Invoke(context);
    }

    // Its pipe, too: what became of a message is read from its context afterwards.
    sealed class Message(ManyMessages<T> many, long index) : IPipe<SendContext<T>>
    {
        SendContext<T>? context;

        public Task Sent { get; set; } = Task.CompletedTask;

        public Task Send(SendContext<T> context)
        {
            this.context = context;
            many.Prepare(context, index);
            return Task.CompletedTask;
        }

        public void Probe(ProbeContext context) => context.CreateFilterScope("sendMany");

        public SentMessage Describe(bool isPublish)
        {
            var id = context?.MessageId ?? Guid.Empty;
            JobConflict? conflict = null;
            context?.TryGetPayload(out conflict);

            return new SentMessage(id, isPublish ? null : JobId.From(id), conflict);
        }
    }
}
