using MassTransit.Configuration;
using MassTransit.Saga;
using MassTransit.Sidekiq;
using Microsoft.EntityFrameworkCore;

namespace MassTransit;

/// <summary>Keeps the state of sagas in the context of an outbox.</summary>
public static class SidekiqOutboxSagaExtensions
{
    /// <summary>
    /// Loads and saves this saga in <typeparamref name="TDbContext" />, which must map it. On an endpoint with
    /// <see cref="SidekiqOutboxExtensions.UseSidekiqOutbox{TDbContext}" /> its state, the inbox row of the message and
    /// what it sends are one transaction. The mapping needs a concurrency token, so that two messages for one saga do not
    /// overwrite each other: the <c>Version</c> of an <see cref="ISagaVersion" /> is incremented here, and
    /// <c>UseMessageRetry</c> repeats the message that lost.
    /// </summary>
    /// <typeparam name="TSaga">The saga's state.</typeparam>
    /// <typeparam name="TDbContext">The context that maps it.</typeparam>
    /// <param name="configurator">The registration of the saga.</param>
    public static ISagaRegistrationConfigurator<TSaga> SidekiqOutboxRepository<TSaga, TDbContext>(
        this ISagaRegistrationConfigurator<TSaga> configurator
    )
        where TSaga : class, ISaga
        where TDbContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(configurator);

        return configurator.Repository(services =>
        {
            services.RegisterSagaRepository<
                TSaga,
                TDbContext,
                SagaConsumeContextFactory<TDbContext, TSaga>,
                SagaRepository<TSaga, TDbContext>
            >();
            services.RegisterLoadSagaRepository<TSaga, SagaRepository<TSaga, TDbContext>>();
            services.RegisterQuerySagaRepository<TSaga, SagaRepository<TSaga, TDbContext>>();
        });
    }
}
