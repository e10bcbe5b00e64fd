using System.Threading.Channels;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>What a .NET endpoint received, message by message.</summary>
public sealed class Inbox<T>
    where T : class
{
    readonly Channel<ConsumeContext<T>> received = Channel.CreateUnbounded<ConsumeContext<T>>();

    /// <summary>The endpoint's handler.</summary>
    public Task Receive(ConsumeContext<T> context)
    {
        received.Writer.TryWrite(context);
        return Task.CompletedTask;
    }

    /// <summary>The next message, now or when it arrives.</summary>
    public Task<ConsumeContext<T>> Next() => received.Reader.ReadAsync().AsTask().InTime($"a {typeof(T).Name} arrives");
}
