using System.Collections.Concurrent;
using System.Threading.Channels;

namespace MassTransit.Sidekiq.Tests;

/// <summary>What the consumers of a test saw, in order. A test awaits the next of it instead of time.</summary>
public sealed class Seen<T>
{
    readonly Channel<T> arriving = Channel.CreateUnbounded<T>();
    readonly ConcurrentQueue<T> all = [];

    /// <summary>Everything so far.</summary>
    public IReadOnlyList<T> All => [.. all];

    public void Add(T what)
    {
        all.Enqueue(what);
        arriving.Writer.TryWrite(what);
    }

    /// <summary>The next that was not yet asked for; fails when none comes.</summary>
    public Task<T> Next() => arriving.Reader.ReadAsync().AsTask().InTime($"the next {typeof(T).Name}");

    public async Task<T[]> Next(int count)
    {
        var found = new T[count];
        for (var i = 0; i < count; i++)
        {
            found[i] = await Next();
        }

        return found;
    }
}

/// <summary>What of a consume context is still there after its message has been consumed.</summary>
public sealed record Received<T>(T Message, ConsumeContext<T> Context)
    where T : class;

public static class SeenExtensions
{
    /// <summary>An endpoint's handler that only notes what it got.</summary>
    public static void Note<T>(this IReceiveEndpointConfigurator endpoint, Seen<T> seen)
        where T : class =>
        endpoint.Handler<T>(context =>
        {
            seen.Add(context.Message);
            return Task.CompletedTask;
        });

    /// <summary>The same, with the context, whose ids and addresses outlive the message.</summary>
    public static void Note<T>(this IReceiveEndpointConfigurator endpoint, Seen<Received<T>> seen)
        where T : class =>
        endpoint.Handler<T>(context =>
        {
            seen.Add(new Received<T>(context.Message, context));
            return Task.CompletedTask;
        });
}
