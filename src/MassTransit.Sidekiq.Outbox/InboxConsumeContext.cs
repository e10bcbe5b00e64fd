using MassTransit.Middleware;
using MassTransit.Middleware.Outbox;
using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq;

/// A message while it is consumed. What its consumer sends is staged in the transaction like anything else; the inbox row
/// is there only when the message had come in before.
internal sealed class InboxConsumeContext<TDbContext, T>(
    ConsumeContext<T> context,
    OutboxConsumeOptions options,
    IServiceProvider provider,
    TDbContext dbContext,
    OutboxStage<TDbContext> stage,
    Guid messageId,
    InboxState? inbox,
    TimeProvider clock
) : OutboxConsumeContextProxy<T>(context, options, provider)
    where TDbContext : DbContext
    where T : class
{
    public override Guid? MessageId => messageId;

    public override bool ContinueProcessing { get; set; } = true;

    public override bool IsMessageConsumed => inbox is { Consumed: not null };

    public override bool IsOutboxDelivered => inbox is { Delivered: not null };

    public override int ReceiveCount => inbox?.ReceiveCount ?? 1;

    public override long? LastSequenceNumber => inbox?.LastSequenceNumber;

    /// Our own rows are inserted as consumed and delivered; one that MassTransit began, and nobody finished, becomes so here.
    public override Task SetConsumed()
    {
        if (inbox is not null)
        {
            (inbox.Consumed, inbox.Delivered) = (Now(), Now());
        }

        return Task.CompletedTask;
    }

    public override Task SetDelivered()
    {
        inbox!.Delivered = Now();
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
        return Task.CompletedTask;
    }

    public override Task RemoveOutboxMessages() => Staged().ExecuteDeleteAsync(CancellationToken);

    public override Task AddSend<TMessage>(SendContext<TMessage> context)
    {
        stage.Add(context);
        return Task.CompletedTask;
    }

    /// By MassTransit's own outbox, for this message.
    IQueryable<OutboxMessage> Staged() =>
        dbContext
            .Set<OutboxMessage>()
            .Where(row => row.InboxMessageId == messageId && row.InboxConsumerId == ConsumerId);

    DateTime Now() => clock.GetUtcNow().UtcDateTime;
}
