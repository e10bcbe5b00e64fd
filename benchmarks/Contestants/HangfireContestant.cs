using System.Globalization;
using Hangfire;
using Hangfire.Redis.StackExchange;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Benchmarks;

// Hangfire on Redis as its defaults are, except for ten workers instead of five for each processor.
internal sealed class HangfireContestant(string name, Uri address) : Contestant(name, address)
{
    public override int Backlog => 3000;

    // Its client blocks a thread of the pool, and with too many blocked none is left to read the answers.
    public override int Callers => 1;

    public override async Task<IAsyncDisposable> Consume<T>(string[] queues, Func<T, Task> consume)
    {
        var connection = await Connect();
        var options = new BackgroundJobServerOptions
        {
            WorkerCount = Concurrency,
            Queues = queues,
            Activator = new Activator(new Job<T>(consume)),
        };
        return new Server(new BackgroundJobServer(options, Storage(connection)), connection);
    }

    public override async Task<Sender<T>> Sender<T>(string queue)
    {
        var connection = await Connect();
        var client = new BackgroundJobClient(Storage(connection));
        return new Sender<T>(Send, connection);

        // It has no asynchronous call.
        Task Send(T message)
        {
            client.Enqueue<Job<T>>(queue, job => job.Run(message));
            return Task.CompletedTask;
        }
    }

    Task<ConnectionMultiplexer> Connect() => ConnectionMultiplexer.ConnectAsync($"{Address.Host}:{Address.Port}");

    RedisStorage Storage(ConnectionMultiplexer connection) =>
        new(
            connection,
            new RedisStorageOptions { Db = int.Parse(Address.AbsolutePath[1..], CultureInfo.InvariantCulture) }
        );

    public sealed class Job<T>(Func<T, Task> consume)
    {
        public Task Run(T message) => consume(message);
    }

    sealed class Activator(object job) : JobActivator
    {
        public override object ActivateJob(Type jobType) => job;
    }

    sealed class Server(BackgroundJobServer server, ConnectionMultiplexer connection) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            server.Dispose();
            return connection.DisposeAsync();
        }
    }
}
