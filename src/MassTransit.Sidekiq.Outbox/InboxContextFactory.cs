using MassTransit.Middleware;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace MassTransit.Sidekiq;

/// Gives a message its effects once, however often it comes in.
/// 1. Begin a transaction and insert the inbox row. Two deliveries of one message meet there: the second waits for the first.
/// 2. It was new: run the consumer in the transaction, write what it changed and staged, commit. The relay sends what was
///    staged; nothing has to come back for it. One transaction in all.
/// 3. It was not new: nothing runs. Messages that MassTransit's own outbox left behind for it are sent and removed.
/// A consumer that throws takes the inbox row back with everything else, so the next attempt finds a new message.
internal sealed class InboxContextFactory<TDbContext>(
    TDbContext context,
    IServiceProvider provider,
    OutboxStore<TDbContext> store,
    OutboxStage<TDbContext> stage,
    OutboxSignal<TDbContext> signal,
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
        var messageId =
            consumeContext.GetOriginalMessageId()
            ?? throw new MessageException(
                typeof(T),
                "A message without an id cannot be recognised when it comes in again."
            );
        var strategy = context.Database.CreateExecutionStrategy();
        var attempts = 0;

        await strategy
            .ExecuteAsync(async () =>
            {
                if (attempts++ > 0)
                {
                    // What the failed attempt tracked would be written beside what this one does.
                    context.ChangeTracker.Clear();
                }

                await Attempt(consumeContext, options, next, messageId).ConfigureAwait(false);
            })
            .ConfigureAwait(false);

        signal.Commit(context);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("sidekiqOutbox");

    async Task Attempt<T>(
        ConsumeContext<T> consumeContext,
        OutboxConsumeOptions options,
        IPipe<OutboxConsumeContext<T>> next,
        Guid messageId
    )
        where T : class
    {
        var started = clock.GetTimestamp();
        var cancellationToken = consumeContext.CancellationToken;
        var transaction = await context.Database.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = transaction.ConfigureAwait(false);

        InboxState? inbox = null;
        if (!await Receive(transaction, messageId, options.ConsumerId, cancellationToken).ConfigureAwait(false))
        {
            inbox = await Find(messageId, options.ConsumerId, cancellationToken).ConfigureAwait(false);
        }

        var proxy = new InboxConsumeContext<TDbContext, T>(
            consumeContext,
            options,
            provider,
            context,
            stage,
            messageId,
            inbox,
            clock
        );

        stage.ScheduleFor(proxy);

        await next.Send(proxy).ConfigureAwait(false);
        while (inbox is not null && proxy.ContinueProcessing)
        {
            await next.Send(proxy).ConfigureAwait(false);
        }

        try
        {
            await context.SaveChangesAsync(cancellationToken).ConfigureAwait(false);
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // The consumer has already said that it is done; whoever waits for a fault must hear of this one.
            await consumeContext
                .NotifyFaulted(clock.GetElapsedTime(started), TypeCache<T>.ShortName, exception)
                .ConfigureAwait(false);
            throw;
        }
    }

    async Task<bool> Receive(
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
        OutboxDialect.Parameter(command, "@received", clock.GetUtcNow().UtcDateTime);

        return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false) == 1;
    }

    /// Its time may have ended between the two statements; the job that is retried then finds a new message.
    async Task<InboxState> Find(Guid messageId, Guid consumerId, CancellationToken cancellationToken) =>
        await context
            .Set<InboxState>()
            .SingleOrDefaultAsync(row => row.MessageId == messageId && row.ConsumerId == consumerId, cancellationToken)
            .ConfigureAwait(false)
        ?? throw new ConcurrencyException(
            $"The inbox row of message {messageId} was removed while it was read.",
            typeof(InboxState),
            messageId
        );
}
