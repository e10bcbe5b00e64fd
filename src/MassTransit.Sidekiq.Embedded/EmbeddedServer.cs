using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MassTransit.Sidekiq;

// The server: its folder, its port, its store and its clients. The port is reserved as soon as an address is needed; who
// connects before the start waits for it.
internal sealed class EmbeddedServer(
    IOptions<SidekiqEmbeddedServerOptions> configured,
    IHostEnvironment environment,
    ILoggerFactory loggers
) : IAsyncDisposable
{
    readonly ILogger logger = loggers.CreateLogger("MassTransit.Sidekiq.Embedded");
    readonly Lock gate = new();
    readonly ConcurrentDictionary<Client, Task> clients = [];
    readonly CancellationTokenSource stopping = new();
    Socket? listener;
    DataFolder? folder;
    EmbeddedStore? store;
    Task accepting = Task.CompletedTask;

    public bool IsReserved => listener is not null;

    public string Folder => folder?.Path ?? "";

    // The port; the first call takes it.
    public int Reserve()
    {
        lock (gate)
        {
            listener ??= Bind(configured.Value.Port);
            return ((IPEndPoint)listener.LocalEndPoint!).Port;
        }
    }

    public async Task Start(CancellationToken cancellationToken)
    {
        Reserve();
        folder = DataFolder.Open(configured.Value.DataFolder, environment);
        // It reads the folder, which takes as long as there is data.
        store = await Task.Run(() => Open(folder.Path), cancellationToken).ConfigureAwait(false);
        accepting = Accept(store);
    }

    // What is on disk already stays; what waits for a reply is done or not, as with a server that is killed.
    public async Task Stop()
    {
        if (stopping.IsCancellationRequested)
        {
            return;
        }

        await stopping.CancelAsync().ConfigureAwait(false);
        listener?.Dispose();
        await accepting.ConfigureAwait(false);
        foreach (var client in clients.Keys)
        {
            client.Close();
        }

        await Task.WhenAll(clients.Values).ConfigureAwait(false);
        store?.Close();
        folder?.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await Stop().ConfigureAwait(false);
        stopping.Dispose();
    }

    static Socket Bind(int port)
    {
        if (port is < 0 or > 65535)
        {
            throw new ConfigurationException(
                $"Port {port} of the embedded server is not in 0..65535; 0 takes a free one."
            );
        }

        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Listen();
            return socket;
        }
        catch (SocketException taken)
        {
            socket.Dispose();
            throw new ConfigurationException(
                $"The embedded server cannot listen on 127.0.0.1:{port} ({taken.Message}). Set another Port, or 0 for a free one.",
                taken
            );
        }
    }

    EmbeddedStore Open(string path)
    {
        try
        {
            return EmbeddedStore.Open(path, configured.Value.Databases, logger);
        }
        catch (Exception unreadable)
        {
            throw new ConfigurationException(
                $"The embedded server cannot read its data in {path}: {unreadable.Message} Move the folder away to begin anew, or set another DataFolder.",
                unreadable
            );
        }
    }

    async Task Accept(EmbeddedStore open)
    {
        while (!stopping.IsCancellationRequested)
        {
            Socket socket;
            try
            {
                socket = await listener!.AcceptAsync(stopping.Token).ConfigureAwait(false);
            }
            catch (Exception closed) when (closed is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // A client that went away between its connect and now.
                continue;
            }

            try
            {
                socket.NoDelay = true;
                var client = new Client(socket, open, logger);
                clients[client] = Serve(client);
            }
            catch (Exception failed)
            {
                logger.ClientFailed(failed, 0);
                socket.Dispose();
            }
        }
    }

    async Task Serve(Client client)
    {
        // Off the accepting loop, which has to see the entry that it makes.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        using (client)
        {
            await client.Serve(stopping.Token).ConfigureAwait(false);
            clients.TryRemove(client, out _);
        }
    }
}
