using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace MassTransit.Sidekiq.Benchmarks;

// A PostgreSQL with the tables of an outbox, and the hosts that work with it.
internal sealed class OutboxDatabase : IAsyncDisposable
{
    static readonly Uri address = new("queue:bench");

    readonly Lab lab;
    readonly PostgresServer postgres;

    OutboxDatabase(Lab lab, PostgresServer postgres) => (this.lab, this.postgres) = (lab, postgres);

    public static async Task<OutboxDatabase> Start(Lab lab)
    {
        var database = new OutboxDatabase(lab, await PostgresServer.StartOwn());
        await using var db = database.Open();
        await db.Database.EnsureCreatedAsync();
        return database;
    }

    public BenchDb Open() => new(new DbContextOptionsBuilder<BenchDb>().UseNpgsql(Connection).Options);

    // `settings` are added to its connection string.
    public Task<Running> Host(
        Action<SidekiqOutboxOptions>? configure = null,
        Action<IBusRegistrationConfigurator>? consumer = null,
        Action<IServiceCollection>? services = null,
        string settings = ""
    ) =>
        Running.Start(
            x =>
            {
                consumer?.Invoke(x);
                x.AddSidekiqOutbox<BenchDb>(outbox =>
                {
                    outbox.UseBusOutbox();
                    configure?.Invoke(outbox);
                });
                x.UsingSidekiq(
                    (context, cfg) =>
                    {
                        cfg.Host(lab.Redis.Url);
                        cfg.ConfigureEndpoints(context);
                    }
                );
            },
            collection =>
            {
                collection.AddDbContext<BenchDb>(options => options.UseNpgsql(Connection + settings));
                services?.Invoke(collection);
            }
        );

    // An order and its messages.
    public static async Task Save(IServiceProvider services, int messages, int lines)
    {
        var db = services.GetRequiredService<BenchDb>();
        db.Add(BenchOrder.Of(lines));
        if (messages > 0)
        {
            var endpoint = await services.GetRequiredService<ISendEndpointProvider>().GetSendEndpoint(address);
            for (var i = 0; i < messages; i++)
            {
                await endpoint.Send(BenchJob.Any);
            }
        }

        await db.SaveChangesAsync();
    }

    public ValueTask DisposeAsync() => postgres.DisposeAsync();

    string Connection => postgres.ConnectionString + ";Database=bench";
}
