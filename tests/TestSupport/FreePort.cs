using System.Net;
using System.Net.Sockets;

namespace MassTransit.Sidekiq.TestSupport;

/// <summary>Loopback ports for servers of our own.</summary>
public static class FreePort
{
    // Below the range that Linux gives to outgoing connections, so that nobody takes the port while a server is down.
    const int First = 20_000;
    const int Last = 32_000;

    static int next = First + (Environment.ProcessId * 37 % (Last - First));

    /// <summary>One that nobody listens on, and that no other server of this process gets.</summary>
    public static int Next()
    {
        while (true)
        {
            var port = First + ((Interlocked.Increment(ref next) - First) % (Last - First));
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Somebody has it: the next one.
            }
        }
    }
}
