using System.Net;
using System.Net.Sockets;

namespace MassTransit.Sidekiq;

// Why a server cannot be reached, which StackExchange.Redis does not tell: it connects once, and sends nothing.
internal static class TcpProbe
{
    static readonly TimeSpan timeout = TimeSpan.FromSeconds(3);

    public static async Task<SocketError> Try(EndPoint server, CancellationToken token)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(token);
        either.CancelAfter(timeout);
        try
        {
            await socket.ConnectAsync(server, either.Token);
            return SocketError.Success;
        }
        catch (SocketException refused)
        {
            return refused.SocketErrorCode;
        }
        catch (OperationCanceledException) when (!token.IsCancellationRequested)
        {
            return SocketError.TimedOut;
        }
    }
}
