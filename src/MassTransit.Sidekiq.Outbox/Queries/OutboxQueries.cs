using System.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq;

// LINQ on the tables of the outbox, each query in a scope of its own, and in a transaction whose plans do not depend on
// statistics (see OutboxDialect.IndexesOnly): these tables are empty one minute and hold a million rows the next.
internal sealed class OutboxQueries<TDbContext>(IServiceScopeFactory scopes, OutboxSettings<TDbContext> settings)
    where TDbContext : DbContext
{
    public async Task<T> Run<T>(Func<TDbContext, Task<T>> work, CancellationToken cancellationToken)
    {
        var scope = scopes.CreateAsyncScope();
        await using var _ = scope.ConfigureAwait(false);
        var context = scope.ServiceProvider.GetRequiredService<TDbContext>();
        var dialect = settings.Options.Dialect ?? SidekiqOutboxMigrations.Dialect(context.Database.ProviderName);
        if (dialect.IndexesOnly is not { } careful)
        {
            return await work(context).ConfigureAwait(false);
        }

        return await context
            .Database.CreateExecutionStrategy()
            .ExecuteAsync(() => Run(context, careful, work, cancellationToken))
            .ConfigureAwait(false);
    }

    static async Task<T> Run<T>(
        TDbContext context,
        string careful,
        Func<TDbContext, Task<T>> work,
        CancellationToken cancellationToken
    )
    {
        var transaction = await context
            .Database.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken)
            .ConfigureAwait(false);
        await using var _ = transaction.ConfigureAwait(false);
        await context.Database.ExecuteSqlRawAsync(careful, cancellationToken).ConfigureAwait(false);
        var result = await work(context).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);

        return result;
    }
}
