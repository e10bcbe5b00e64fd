using MassTransit.Context;
using MassTransit.Saga;
using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq;

// The changes of one message to its saga.
internal sealed class SagaRepositoryContext<TSaga, TMessage, TDbContext>(
    TDbContext context,
    ConsumeContext<TMessage> consumeContext,
    ISagaConsumeContextFactory<TDbContext, TSaga> consumeContexts
) : ConsumeContextScope<TMessage>(consumeContext, context), SagaRepositoryContext<TSaga, TMessage>
    where TSaga : class, ISaga
    where TMessage : class
    where TDbContext : DbContext
{
    readonly ConsumeContext<TMessage> consumeContext = consumeContext;

    public Task<SagaConsumeContext<TSaga, TMessage>> Add(TSaga instance) =>
        CreateSagaConsumeContext(consumeContext, instance, SagaConsumeContextMode.Add);

    // Null when a concurrent message inserted it first: MassTransit then loads it.
    public async Task<SagaConsumeContext<TSaga, TMessage>> Insert(TSaga instance)
    {
        var entry = context.Add(instance);
        try
        {
            await context.SaveChangesAsync(CancellationToken).ConfigureAwait(false);
        }
        catch (DbUpdateException)
        {
            entry.State = EntityState.Detached;
            return null!;
        }

        return await CreateSagaConsumeContext(consumeContext, instance, SagaConsumeContextMode.Insert)
            .ConfigureAwait(false);
    }

    public async Task<SagaConsumeContext<TSaga, TMessage>> Load(Guid correlationId)
    {
        var instance = await context
            .Set<TSaga>()
            .AsTracking()
            .SingleOrDefaultAsync(one => one.CorrelationId == correlationId, CancellationToken)
            .ConfigureAwait(false);

        return instance is null
            ? null!
            : await CreateSagaConsumeContext(consumeContext, instance, SagaConsumeContextMode.Load)
                .ConfigureAwait(false);
    }

    public Task Save(SagaConsumeContext<TSaga> sagaContext)
    {
        context.Add(sagaContext.Saga);
        return context.SaveChangesAsync(CancellationToken);
    }

    public Task Update(SagaConsumeContext<TSaga> sagaContext)
    {
        // Whether or not the context detects changes automatically.
        var entry = context.Entry(sagaContext.Saga);
        entry.DetectChanges();

        // A saga that only responded has not changed: a new version would make two requests collide.
        if (sagaContext.Saga is ISagaVersion versioned && entry.State == EntityState.Modified)
        {
            versioned.Version++;
            entry.DetectChanges();
        }

        return context.SaveChangesAsync(CancellationToken);
    }

    public Task Delete(SagaConsumeContext<TSaga> sagaContext)
    {
        context.Remove(sagaContext.Saga);
        return context.SaveChangesAsync(CancellationToken);
    }

    public Task Discard(SagaConsumeContext<TSaga> sagaContext) => Task.CompletedTask;

    public Task Undo(SagaConsumeContext<TSaga> sagaContext)
    {
        context.Entry(sagaContext.Saga).State = EntityState.Unchanged;
        return Task.CompletedTask;
    }

    public Task<SagaConsumeContext<TSaga, T>> CreateSagaConsumeContext<T>(
        ConsumeContext<T> message,
        TSaga instance,
        SagaConsumeContextMode mode
    )
        where T : class => consumeContexts.CreateSagaConsumeContext(context, message, instance, mode);
}
