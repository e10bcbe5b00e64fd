namespace MassTransit.Sidekiq.Benchmarks;

// One way to have jobs done in another process: ours, or one that a team would take instead. Each has the same consumer, ten at a time.
internal abstract class Contestant(string name, Uri address)
{
    public const string Ours = "ours";
    public const int Concurrency = 10;

    // As figures have it: peer.<name>_…, ….vs_<name>.
    public string Name => name;

    // How many jobs it has to do for two seconds or so.
    public abstract int Backlog { get; }

    // How many may send at once while nothing is measured.
    public abstract int Callers { get; }

    // Where its server is.
    public Uri Address => address;

    public static Contestant Of(string name, Uri address) =>
        name switch
        {
            Ours => new BusContestant(
                name,
                address,
                (x, configure) =>
                    x.UsingSidekiq(
                        (context, cfg) =>
                        {
                            cfg.Host(address.ToString());
                            configure(context, cfg);
                        }
                    )
            ),
            BenchOptions.RabbitMq => new BusContestant(
                name,
                address,
                (x, configure) =>
                    x.UsingRabbitMq(
                        (context, cfg) =>
                        {
                            cfg.Host(address);
                            cfg.PrefetchCount = 100;
                            configure(context, cfg);
                        }
                    )
            ),
            BenchOptions.Hangfire => new HangfireContestant(name, address),
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "There is no such contestant."),
        };

    // The name of its figure, which is a figure of its own if it is ours and one of the peers' if not.
    public string Figure(string subject, string measure) =>
        Name == Ours ? $"{subject}.{measure}" : $"peer.{Name}_{subject}_{measure}";

    // Consumes the queues until it is disposed.
    public abstract Task<IAsyncDisposable> Consume<T>(string[] queues, Func<T, Task> consume)
        where T : class;

    public abstract Task<Sender<T>> Sender<T>(string queue)
        where T : class;
}

internal sealed class Sender<T>(Func<T, Task> send, IAsyncDisposable connection) : IAsyncDisposable
{
    // Returns when the server has the message.
    public Task Send(T message) => send(message);

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
