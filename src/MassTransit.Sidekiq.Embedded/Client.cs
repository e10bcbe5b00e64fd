using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq;

// A connected client. Its commands run in turns, as many as have arrived in each; its replies leave when the turn is on disk. A
// command that waits for an element ends its turn.
internal sealed class Client : IDisposable
{
    readonly Socket socket;
    readonly EmbeddedStore store;
    readonly ILogger logger;
    readonly CommandReader commands = new();
    readonly ReplyBuffer replies;
    readonly CommandRunner runner;
    readonly SemaphoreSlim sending = new(1, 1);
    Task<bool>? filling;

    public Client(Socket socket, EmbeddedStore store, ILogger logger)
    {
        (this.socket, this.store, this.logger) = (socket, store, logger);
        replies = new ReplyBuffer(Push);
        lock (store.Turns)
        {
            runner = new CommandRunner(store, replies);
        }
    }

    public async Task Serve(CancellationToken stopping)
    {
        try
        {
            while (!replies.IsClosed && await Filled().ConfigureAwait(false))
            {
                while (Turn() is { } wait)
                {
                    await Send().ConfigureAwait(false);
                    await Wait(wait, stopping).ConfigureAwait(false);
                }

                await Send().ConfigureAwait(false);
            }
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // As clients go, and all of them when the server stops.
        }
        catch (Exception failed)
        {
            logger.ClientFailed(failed, runner.Client.Id);
        }
    }

    public void Close() => socket.Dispose();

    public void Dispose()
    {
        lock (store.Turns)
        {
            runner.Dispose();
        }

        replies.Dispose();
        socket.Dispose();
        sending.Dispose();
    }

    async Task<bool> Filled()
    {
        var filled = await (filling ?? commands.Fill(socket)).ConfigureAwait(false);
        filling = null;
        return filled;
    }

    // Runs what has arrived. Returns a command that waits, if one came.
    BlockingPop? Turn()
    {
        var hasRun = false;
        BlockingPop? wait = null;
        lock (store.Turns)
        {
            try
            {
                while (wait is null && !replies.IsClosed && commands.TryRead(out var command))
                {
                    hasRun = true;
                    wait = runner.IsInTransaction ? null : BlockingPop.Of(command);
                    if (wait is null)
                    {
                        runner.Run(command);
                    }
                }
            }
            catch (InvalidDataException invalid)
            {
                replies.Write($"-{invalid.Message}\r\n");
                replies.Dispose();
            }
        }

        if (hasRun)
        {
            store.Touch();
        }

        return wait;
    }

    // Tries after each turn of others. A client that goes away meanwhile gets nothing: its element stays for others.
    async Task Wait(BlockingPop wait, CancellationToken stopping)
    {
        var unblocked = runner.Client.BeginWait();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        try
        {
            var timeout = wait.Timeout(ended.Token);
            while (true)
            {
                var changed = store.Changed;
                var isDone = false;
                byte[] nothing = [];
                lock (store.Turns)
                {
                    isDone = wait.Try(runner, replies, out nothing);
                }

                if (isDone)
                {
                    store.Touch();
                    return;
                }

                filling ??= commands.Fill(socket);
                var isMore = filling.IsCompletedSuccessfully && await filling.ConfigureAwait(false);
                var first = await Task.WhenAny(
                        isMore ? [changed, unblocked, timeout] : [changed, unblocked, timeout, filling]
                    )
                    .ConfigureAwait(false);
                stopping.ThrowIfCancellationRequested();
                if (first == filling && !await filling.ConfigureAwait(false))
                {
                    throw new SocketException((int)SocketError.ConnectionReset);
                }

                if (unblocked.IsCompleted || timeout.IsCompleted)
                {
                    replies.Write(nothing);
                    return;
                }
            }
        }
        finally
        {
            runner.Client.EndWait();
            await ended.CancelAsync().ConfigureAwait(false);
        }
    }

    async Task Send()
    {
        if (replies.Length == 0)
        {
            return;
        }

        await store.Commit().ConfigureAwait(false);
        await sending.WaitAsync().ConfigureAwait(false);
        try
        {
            var rest = replies.TakeAll();
            while (rest.Length > 0)
            {
                rest = rest[await socket.SendAsync(rest).ConfigureAwait(false)..];
            }
        }
        finally
        {
            sending.Release();
        }
    }

    // A message to a subscriber came in another client's turn.
    void Push() =>
        _ = Task.Run(async () =>
        {
            try
            {
                await Send().ConfigureAwait(false);
            }
            catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
            {
                // The loop that reads from it notices as well, and ends.
            }
        });
}
