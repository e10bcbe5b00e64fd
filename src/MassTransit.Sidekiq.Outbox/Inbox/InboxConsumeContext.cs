using System.Collections.Concurrent;
using MassTransit.Middleware;
using MassTransit.Middleware.Outbox;
using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq;

// A message while it is consumed. What its consumer sends is staged in the transaction like anything else; `inbox` is
// set only when the message had been received before.
internal sealed class InboxConsumeContext<TDbContext, T>(
    ConsumeContext<T> context,
    OutboxConsumeOptions options,
    IServiceProvider provider,
    TDbContext dbContext,
    IMessageStage stage,
    Guid messageId,
    InboxState? inbox,
    TimeProvider clock
) : OutboxConsumeContextProxy<T>(context, options, provider)
    where TDbContext : DbContext
    where T : class
{
    readonly ConcurrentQueue<Report> reports = [];

    public override Guid? MessageId => messageId;

    // It had been received before.
    public bool IsKnown => inbox is not null;

    public override bool ContinueProcessing { get; set; } = true;

    public override bool IsMessageConsumed => inbox is { Consumed: not null };

    public override bool IsOutboxDelivered => inbox is { Delivered: not null };

    public override int ReceiveCount => inbox?.ReceiveCount ?? 1;

    public override long? LastSequenceNumber => inbox?.LastSequenceNumber;

    // Our own rows are inserted as consumed and delivered; one that MassTransit began and did not finish becomes so here.
    public override Task SetConsumed()
    {
        if (inbox is not null)
        {
            (inbox.Consumed, inbox.Delivered) = (Now(), Now());
            Changed();
        }

        return Task.CompletedTask;
    }

    public override Task SetDelivered()
    {
        inbox!.Delivered = Now();
        Changed();
        return Task.CompletedTask;
    }

    public override async Task<List<OutboxMessageContext>> LoadOutboxMessages()
    {
        var last = LastSequenceNumber ?? 0;
        var messages = await Staged()
            .Where(message => message.SequenceNumber > last)
            .OrderBy(message => message.SequenceNumber)
            .Take(Options.MessageDeliveryLimit + 1)
            .AsNoTracking()
            .ToListAsync(CancellationToken)
            .ConfigureAwait(false);

        return [.. messages];
    }

    public override Task NotifyOutboxMessageDelivered(OutboxMessageContext message)
    {
        inbox!.LastSequenceNumber = message.SequenceNumber;
        Changed();
        return Task.CompletedTask;
    }

    public override async Task RemoveOutboxMessages()
    {
        var numbers = await Staged()
            .Select(message => message.SequenceNumber)
            .ToListAsync(CancellationToken)
            .ConfigureAwait(false);
        await dbContext
            .Set<OutboxMessage>()
            .DeleteWhere(nameof(OutboxMessage.SequenceNumber), numbers.Cast<object>(), CancellationToken)
            .ConfigureAwait(false);
    }

    public override Task AddSend<TMessage>(SendContext<TMessage> context) => stage.Add(context);

    public override Task NotifyConsumed<TMessage>(
        ConsumeContext<TMessage> context,
        TimeSpan duration,
        string consumerType
    )
    {
        reports.Enqueue(new Report(IsFault: false, () => base.NotifyConsumed(context, duration, consumerType)));
        return Task.CompletedTask;
    }

    public override Task NotifyFaulted<TMessage>(
        ConsumeContext<TMessage> context,
        TimeSpan duration,
        string consumerType,
        Exception exception
    )
    {
        reports.Enqueue(
            new Report(IsFault: true, () => base.NotifyFaulted(context, duration, consumerType, exception))
        );
        return Task.CompletedTask;
    }

    // What consumers report takes effect when their transaction has ended: the execution strategy may repeat a failed
    // attempt, and the commit of a consumer that has finished may still fail.
    public async Task TellCommitted()
    {
        foreach (var report in reports)
        {
            await report.Tell().ConfigureAwait(false);
        }
    }

    // False when no consumer has reported a fault.
    public async Task<bool> TellFaults()
    {
        var faults = reports.Where(report => report.IsFault).ToList();
        foreach (var fault in faults)
        {
            await fault.Tell().ConfigureAwait(false);
        }

        return faults.Count > 0;
    }

    // By MassTransit's own outbox, for this message.
    IQueryable<OutboxMessage> Staged() =>
        dbContext
            .Set<OutboxMessage>()
            .Where(row => row.InboxMessageId == messageId && row.InboxConsumerId == ConsumerId);

    // The context may not look for changes by itself.
    void Changed() => dbContext.Entry(inbox!).DetectChanges();

    DateTime Now() => clock.GetUtcNow().UtcDateTime;

    readonly record struct Report(bool IsFault, Func<Task> Tell);
}
