using MassTransit.Middleware;
using MassTransit.Saga;
using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq;

// Sagas in the context of their scope. With an inbox that is the context whose transaction the message runs in, so
// nothing here begins or commits one; without an inbox each save is a transaction of its own.
internal sealed class SagaRepository<TSaga, TDbContext>(
    TDbContext context,
    ISagaConsumeContextFactory<TDbContext, TSaga> consumeContexts
)
    : ISagaRepositoryContextFactory<TSaga>,
        ILoadSagaRepositoryContextFactory<TSaga>,
        IQuerySagaRepositoryContextFactory<TSaga>
    where TSaga : class, ISaga
    where TDbContext : DbContext
{
    public Task Send<T>(ConsumeContext<T> consumeContext, IPipe<SagaRepositoryContext<TSaga, T>> next)
        where T : class => next.Send(Repository(consumeContext));

    public async Task SendQuery<T>(
        ConsumeContext<T> consumeContext,
        ISagaQuery<TSaga> query,
        IPipe<SagaRepositoryQueryContext<TSaga, T>> next
    )
        where T : class
    {
        var found = await context
            .Set<TSaga>()
            .AsTracking()
            .Where(query.FilterExpression)
            .ToListAsync(consumeContext.CancellationToken)
            .ConfigureAwait(false);

        var sagas = new LoadedSagaRepositoryQueryContext<TSaga, T>(Repository(consumeContext), found);
        await next.Send(sagas).ConfigureAwait(false);
    }

    public Task<T> Execute<T>(
        Func<LoadSagaRepositoryContext<TSaga>, Task<T>> asyncMethod,
        CancellationToken cancellationToken = default
    )
        where T : class => asyncMethod(new Reader(context, cancellationToken));

    public Task<T> Execute<T>(
        Func<QuerySagaRepositoryContext<TSaga>, Task<T>> asyncMethod,
        CancellationToken cancellationToken = default
    )
        where T : class => asyncMethod(new Reader(context, cancellationToken));

    public void Probe(ProbeContext context) => context.Add("persistence", "sidekiqOutbox");

    SagaRepositoryContext<TSaga, T, TDbContext> Repository<T>(ConsumeContext<T> consumeContext)
        where T : class
    {
        if (context.Model.FindEntityType(typeof(TSaga)) is not { } saga)
        {
            throw new ConfigurationException(
                $"{typeof(TDbContext).Name} does not map the saga {typeof(TSaga).Name}. Map it in OnModelCreating, with CorrelationId as its key."
            );
        }

        return saga.GetProperties().Any(property => property.IsConcurrencyToken)
            ? new SagaRepositoryContext<TSaga, T, TDbContext>(context, consumeContext, consumeContexts)
            : throw new ConfigurationException(
                $"The saga {typeof(TSaga).Name} has no concurrency token in {typeof(TDbContext).Name}, so two messages for one saga would overwrite each other. Implement ISagaVersion and map Version with IsConcurrencyToken()."
            );
    }

    // Outside of a message: for tests and read-only access.
    sealed class Reader(TDbContext context, CancellationToken cancellationToken)
        : BasePipeContext(cancellationToken),
            LoadSagaRepositoryContext<TSaga>,
            QuerySagaRepositoryContext<TSaga>
    {
        public Task<TSaga> Load(Guid correlationId) =>
            context.Set<TSaga>().AsNoTracking().SingleOrDefaultAsync(x => x.CorrelationId == correlationId)!;

        public async Task<SagaRepositoryQueryContext<TSaga>> Query(
            ISagaQuery<TSaga> query,
            CancellationToken cancellationToken = default
        )
        {
            var found = await context
                .Set<TSaga>()
                .AsNoTracking()
                .Where(query.FilterExpression)
                .Select(saga => saga.CorrelationId)
                .ToListAsync(cancellationToken)
                .ConfigureAwait(false);

            return new DefaultSagaRepositoryQueryContext<TSaga>(this, found);
        }
    }
}
