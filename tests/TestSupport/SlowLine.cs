using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace MassTransit.Sidekiq.TestSupport;

/// <summary>A line to a server on which every byte takes its time, as between two cities: a port that forwards to another.</summary>
public sealed class SlowLine : IAsyncDisposable
{
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource stopping = new();
    readonly int target;
    readonly TimeSpan delay;
    readonly Task accepting;

    /// <summary>Forwards to a port of this machine, each byte that much later, in both directions.</summary>
    public SlowLine(int target, TimeSpan delay)
    {
        (this.target, this.delay) = (target, delay);
        listener.Start();
        accepting = Accept();
    }

    /// <summary>Where it listens, on 127.0.0.1.</summary>
    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Stop();
        await accepting;
        stopping.Dispose();
    }

    async Task Accept()
    {
        var lines = new List<Task>();
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var near = await listener.AcceptTcpClientAsync(stopping.Token);
                lines.Add(Task.Run(() => Serve(near)));
            }
            catch (Exception ended) when (ended is OperationCanceledException or SocketException)
            {
                break;
            }
        }

        await Task.WhenAll(lines);
    }

    async Task Serve(TcpClient near)
    {
        using var far = new TcpClient();
        using (near)
        {
            near.NoDelay = far.NoDelay = true;
            await far.ConnectAsync(IPAddress.Loopback, target);
            await Task.WhenAny(Forward(near.GetStream(), far.GetStream()), Forward(far.GetStream(), near.GetStream()));
        }
    }

    // Reading goes on while earlier bytes are on their way: it is far, not narrow.
    async Task Forward(NetworkStream from, NetworkStream to)
    {
        var line = Channel.CreateUnbounded<(long Sent, byte[] Bytes)>();
        var writing = Write(line.Reader, to);
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReadAsync(buffer, stopping.Token) is var count and > 0)
            {
                line.Writer.TryWrite((TimeProvider.System.GetTimestamp(), buffer[..count]));
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // One of the two has hung up.
        }

        line.Writer.Complete();
        await writing;
    }

    async Task Write(ChannelReader<(long Sent, byte[] Bytes)> line, NetworkStream to)
    {
        try
        {
            await foreach (var (sent, bytes) in line.ReadAllAsync(stopping.Token))
            {
                var left = delay - TimeProvider.System.GetElapsedTime(sent);
                if (left > TimeSpan.Zero)
                {
                    // The line's own length.
#pragma warning disable RS0030
                    await Task.Delay(left, stopping.Token);
#pragma warning restore RS0030
                }

                await to.WriteAsync(bytes, stopping.Token);
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // One of the two has hung up.
        }
    }
}
