using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.OutboxWorker;

// Business transactions, some of which are rolled back.
sealed class Writer(IServiceProvider provider)
{
    const int Writers = 4;

    // One that is rolled back, then one with three messages of known ids.
    public async Task Transact()
    {
        await Do(db => db.RollbackAsync(), [new Work(Guid.NewGuid(), 0)]);
        await Do(
            async transaction =>
            {
                CrashPoint.Reached("staged");
                await transaction.CommitAsync();
                CrashPoint.Reached("committed");
            },
            [.. Enumerable.Range(1, 3).Select(step => new Work(new Guid(step, 0, 0, new byte[8]), step))]
        );
    }

    // As many as go, one in ten rolled back, until the token ends; a database that is away is waited for.
    public Task Write(CancellationToken cancellationToken) =>
        Task.WhenAll(
            Enumerable
                .Range(0, Writers)
                .Select(_ => Task.Run(() => WriteAll(cancellationToken), CancellationToken.None))
        );

    async Task WriteAll(CancellationToken cancellationToken)
    {
        for (var number = 1; !cancellationToken.IsCancellationRequested; number++)
        {
            var isKept = number % 10 != 0;
            try
            {
                await Do(
                    transaction =>
                        isKept
                            ? transaction.CommitAsync(CancellationToken.None)
                            : transaction.RollbackAsync(CancellationToken.None),
                    [new Work(Guid.NewGuid(), number)]
                );
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                // Whether such a transaction was committed is what the table says.
                Console.WriteLine($"writer: {fault.Message}");
            }

            // So that those who drain and work keep up on a small machine.
#pragma warning disable RS0030
            await Task.Delay(10, CancellationToken.None);
#pragma warning restore RS0030
        }
    }

    async Task Do(Func<IDbContextTransaction, Task> end, Work[] works)
    {
        await using var scope = provider.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WorkDb>();
        var sender = scope.ServiceProvider.GetRequiredService<ISendEndpointProvider>();
        var endpoint = await sender.GetSendEndpoint(new Uri("queue:work"));

        await db
            .Database.CreateExecutionStrategy()
            .ExecuteAsync(async () =>
            {
                db.ChangeTracker.Clear();
                await using var transaction = await db.Database.BeginTransactionAsync();
                foreach (var work in works)
                {
                    db.Add(new Sent { Id = work.Id });
                    await endpoint.Send(work, Pipe.Execute<SendContext>(context => context.MessageId = work.Id));
                }

                await db.SaveChangesAsync();
                await end(transaction);
            });
    }
}
