using MassTransit.Middleware;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq;

/// <summary>
/// Gives a message exactly-once effects, however often it is delivered.
/// 1. Begin a transaction and insert the inbox row. Two deliveries of one message meet there: the second waits for the first.
/// 2. It was new: run the consumer in the transaction, write what it changed and staged, commit. The relay sends what was
///   staged, even if the message never comes in again. One transaction in all.
/// 3. It was not new: nothing runs. Messages that MassTransit's own outbox left behind for it are sent and removed.
/// A consumer that throws rolls back the inbox row with everything else, so the next attempt finds a new message.
/// What consumers report about an attempt is passed on when its transaction has ended, and only for the last one.
/// </summary>
internal sealed class InboxContextFactory<TDbContext>(
    TDbContext context,
    IServiceProvider provider,
    OutboxStore<TDbContext> store,
    OutboxBus<TDbContext> bus,
    OutboxSignal<TDbContext> signal,
    OutboxSettings<TDbContext> settings,
    TimeProvider clock
) : IOutboxContextFactory<TDbContext>
    where TDbContext : DbContext
{
    public async Task Send<T>(
        ConsumeContext<T> consumeContext,
        OutboxConsumeOptions options,
        IPipe<OutboxConsumeContext<T>> next
    )
        where T : class
    {
        if (consumeContext.GetOriginalMessageId() is null)
        {
            throw new MessageException(
                typeof(T),
                "A message without an id cannot be recognised when it comes in again."
            );
        }

        var started = clock.GetTimestamp();
        var strategy = context.Database.CreateExecutionStrategy();
        var deferred = new DeferredSends(consumeContext);
        InboxConsumeContext<TDbContext, T>? attempt = null;
        try
        {
            await strategy
                .ExecuteAsync(async () =>
                {
                    if (attempt is not null)
                    {
                        // What the failed attempt tracked would be written together with this one's changes.
                        context.ChangeTracker.Clear();
                        deferred = new DeferredSends(consumeContext);
                    }

                    var transaction = await context
                        .Database.BeginTransactionAsync(consumeContext.CancellationToken)
                        .ConfigureAwait(false);
                    await using var _ = transaction.ConfigureAwait(false);

                    attempt = await Receive(transaction, consumeContext, options, deferred).ConfigureAwait(false);
                    await Consume(attempt, next).ConfigureAwait(false);
                    await context.SaveChangesAsync(consumeContext.CancellationToken).ConfigureAwait(false);
                    await transaction.CommitAsync(consumeContext.CancellationToken).ConfigureAwait(false);
                })
                .ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            await TellFault(consumeContext, attempt, clock.GetElapsedTime(started), exception).ConfigureAwait(false);
            throw;
        }

        signal.Commit(context);
        await deferred.SendAll().ConfigureAwait(false);
        await attempt!.TellCommitted().ConfigureAwait(false);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("sidekiqOutbox");

    async Task<InboxConsumeContext<TDbContext, T>> Receive<T>(
        IDbContextTransaction transaction,
        ConsumeContext<T> consumeContext,
        OutboxConsumeOptions options,
        DeferredSends deferred
    )
        where T : class
    {
        var messageId = consumeContext.GetOriginalMessageId()!.Value;
        var cancellationToken = consumeContext.CancellationToken;
        var inbox = await IsNew(transaction, messageId, options.ConsumerId, cancellationToken).ConfigureAwait(false)
            ? null
            : await Find(messageId, options.ConsumerId, cancellationToken).ConfigureAwait(false);

        var stage = bus.IsInMemory ? null : provider.GetRequiredService<OutboxStage<TDbContext>>();
        var received = new InboxConsumeContext<TDbContext, T>(
            consumeContext,
            options,
            provider,
            context,
            stage as IMessageStage ?? deferred,
            messageId,
            inbox,
            clock
        );
        stage?.ScheduleFor(received);

        return received;
    }

    // A consumer whose commit fails has already reported success; a client that waits for a fault must get this one.
    static async Task TellFault<T>(
        ConsumeContext<T> consumeContext,
        InboxConsumeContext<TDbContext, T>? attempt,
        TimeSpan elapsed,
        Exception exception
    )
        where T : class
    {
        if (attempt is null || !await attempt.TellFaults().ConfigureAwait(false))
        {
            await consumeContext.NotifyFaulted(elapsed, TypeCache<T>.ShortName, exception).ConfigureAwait(false);
        }
    }

    // An earlier delivery may have left messages behind, which take more than one turn.
    static async Task Consume<T>(InboxConsumeContext<TDbContext, T> received, IPipe<OutboxConsumeContext<T>> next)
        where T : class
    {
        await next.Send(received).ConfigureAwait(false);
        while (received.IsKnown && received.ContinueProcessing)
        {
            await next.Send(received).ConfigureAwait(false);
        }
    }

    async Task<bool> IsNew(
        IDbContextTransaction transaction,
        Guid messageId,
        Guid consumerId,
        CancellationToken cancellationToken
    )
    {
        var command = context.Database.GetDbConnection().CreateCommand();
        await using var _ = command.ConfigureAwait(false);
        command.Transaction = transaction.GetDbTransaction();
        command.CommandText = store.Statements(context).Receive;
        OutboxDialect.Parameter(command, "@message", messageId);
        OutboxDialect.Parameter(command, "@consumer", consumerId);
        var now = clock.GetUtcNow().UtcDateTime;
        OutboxDialect.Parameter(command, "@received", now);
        OutboxDialect.Parameter(command, "@until", now + settings.Options.InboxRetention);

        return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false) == 1;
    }

    // Its retention may have ended between the two statements; the retried job then finds a new message.
    async Task<InboxState> Find(Guid messageId, Guid consumerId, CancellationToken cancellationToken) =>
        await context
            .Set<InboxState>()
            .AsTracking()
            .SingleOrDefaultAsync(row => row.MessageId == messageId && row.ConsumerId == consumerId, cancellationToken)
            .ConfigureAwait(false)
        ?? throw new ConcurrencyException(
            $"The inbox row of message {messageId} was removed while it was read.",
            typeof(InboxState),
            messageId
        );
}
