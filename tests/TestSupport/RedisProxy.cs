using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MassTransit.Sidekiq.TestSupport;

/// <summary>
/// Stands between a client and its Redis, and cuts the client off at a chosen command: just before Redis sees it, or when
/// Redis has run it and before the client hears so. What the client does afterwards reaches nobody, as if its process had
/// been killed at that instant.
/// </summary>
public sealed class RedisProxy : IAsyncDisposable
{
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource cut = new();
    readonly TaskCompletionSource isCut = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly RedisDatabase redis;
    readonly Task accepting;
    byte[]? command;
    bool before;

    public RedisProxy(RedisDatabase redis)
    {
        this.redis = redis;
        listener.Start();
        accepting = Accept();
    }

    /// <summary>The database, by way of the proxy.</summary>
    public string Url =>
        new UriBuilder(redis.Url) { Port = ((IPEndPoint)listener.LocalEndpoint).Port }.Uri.AbsoluteUri.TrimEnd('/');

    /// <summary>Completes when the client is cut off.</summary>
    public Task Cut => isCut.Task;

    /// <summary>Cuts the client off at the first command that contains a text, such as the hash of a script.</summary>
    public void CutAt(string text, bool beforeRedisSeesIt)
    {
        before = beforeRedisSeesIt;
        Volatile.Write(ref command, Encoding.ASCII.GetBytes(text));
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await cut.CancelAsync();
        listener.Stop();
        await accepting;
        cut.Dispose();
    }

    async Task Accept()
    {
        var served = new List<Task>();
        try
        {
            while (true)
            {
                served.Add(Serve(await listener.AcceptTcpClientAsync(cut.Token)));
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            listener.Stop();
            await Task.WhenAll(served);
        }
    }

    async Task Serve(TcpClient accepted)
    {
        using var client = accepted;
        using var server = new TcpClient { NoDelay = true };
        client.NoDelay = true;
        try
        {
            await server.ConnectAsync(redis.Host, redis.Port, cut.Token);
            var (asking, answering) = (client.GetStream(), server.GetStream());
            var answers = new Answers();
            await Task.WhenAny(Ask(asking, answering, answers), Answer(answering, asking, answers));
        }
        catch (Exception ended) when (ended is OperationCanceledException or IOException or SocketException)
        {
            // Cut off, or closed by one of the two.
        }
    }

    async Task Ask(NetworkStream client, NetworkStream server, Answers answers)
    {
        var buffer = new byte[1 << 16];
        for (int length; (length = await client.ReadAsync(buffer, cut.Token)) > 0; )
        {
            var chunk = buffer.AsMemory(0, length);
            var isIt = Volatile.Read(ref command) is { } text && chunk.Span.IndexOf(text) >= 0;
            if (isIt && before)
            {
                await End();
            }

            if (isIt)
            {
                answers.AreHeld = true;
            }

            await server.WriteAsync(chunk, cut.Token);
            if (isIt)
            {
                // Redis answers in order: when this comes back, the command before it has run.
                await server.WriteAsync("*2\r\n$4\r\nECHO\r\n$11\r\nhas-run-now\r\n"u8.ToArray(), cut.Token);
            }
        }
    }

    async Task Answer(NetworkStream server, NetworkStream client, Answers answers)
    {
        var buffer = new byte[1 << 16];
        var held = new List<byte>();
        for (int length; (length = await server.ReadAsync(buffer, cut.Token)) > 0; )
        {
            if (!answers.AreHeld)
            {
                await client.WriteAsync(buffer.AsMemory(0, length), cut.Token);
                continue;
            }

            held.AddRange(buffer.AsSpan(0, length));
            if (held.ToArray().AsSpan().IndexOf("has-run-now"u8) >= 0)
            {
                await End();
            }
        }
    }

    async Task End()
    {
        await cut.CancelAsync();
        isCut.TrySetResult();
        cut.Token.ThrowIfCancellationRequested();
    }

    sealed class Answers
    {
        volatile bool areHeld;

        public bool AreHeld
        {
            get => areHeld;
            set => areHeld = value;
        }
    }
}
