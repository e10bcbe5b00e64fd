using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace MassTransit.Sidekiq;

/// A bare connection for blocking commands, one at a time. StackExchange.Redis would answer for it as well, but 1.2.6 adds
/// a SELECT to each command it does not know and a PING for each second without an answer: four commands for each wait
/// of two seconds, on each idle queue. Speaks what waiting needs of RESP2: one line replies, numbers and bulk strings.
internal sealed class BlockingConnection : IAsyncDisposable
{
    readonly Socket socket;
    readonly byte[] buffer = new byte[1024];
    Stream stream = Stream.Null;
    int start;
    int end;

    BlockingConnection(Socket socket) => this.socket = socket;

    /// What CLIENT UNBLOCK wants.
    public long ClientId { get; private set; }

    public static async Task<BlockingConnection> Open(
        RedisSettings settings,
        EndPoint endpoint,
        CancellationToken cancellationToken
    )
    {
        var socket =
            endpoint.AddressFamily == AddressFamily.Unix
                ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
                : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var connection = new BlockingConnection(socket);
        try
        {
            await socket.ConnectAsync(endpoint, cancellationToken).ConfigureAwait(false);
            connection.stream = new NetworkStream(socket);
            if (settings.UseTls)
            {
                await connection.Encrypt(endpoint, cancellationToken).ConfigureAwait(false);
            }

            await connection.Introduce(settings, cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public static byte[] Command(params ReadOnlySpan<string> words)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"*{words.Length}\r\n");
        foreach (var word in words)
        {
            text.Append(CultureInfo.InvariantCulture, $"${Encoding.UTF8.GetByteCount(word)}\r\n{word}\r\n");
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// Null for Redis' nil. A bulk string comes back empty: what landed is read from its list, not from here.
    public async Task<string?> Call(ReadOnlyMemory<byte> command, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(command, cancellationToken).ConfigureAwait(false);

        var line = await ReadLine(cancellationToken).ConfigureAwait(false);
        switch (line[0])
        {
            case '-':
                throw new RefusedException(line[1..]);
            case '+' or ':':
                return line[1..];
            case '$' or '*' when line[1..] == "-1":
                return null;
            case '$':
                await Skip(long.Parse(line[1..], CultureInfo.InvariantCulture) + 2, cancellationToken)
                    .ConfigureAwait(false);
                return "";
            default:
                throw new IOException($"Redis answered '{line}', which is no reply of RESP2.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync().ConfigureAwait(false);
        socket.Dispose();
    }

    async Task Encrypt(EndPoint endpoint, CancellationToken cancellationToken)
    {
        var host = endpoint switch
        {
            DnsEndPoint named => named.Host,
            IPEndPoint address => address.Address.ToString(),
            _ => "",
        };
        var secure = new SslStream(stream);
        stream = secure;
        await secure
            .AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = host }, cancellationToken)
            .ConfigureAwait(false);
    }

    async Task Introduce(RedisSettings settings, CancellationToken cancellationToken)
    {
        if (!string.IsNullOrEmpty(settings.Password))
        {
            var login = string.IsNullOrEmpty(settings.UserName)
                ? Command("AUTH", settings.Password)
                : Command("AUTH", settings.UserName, settings.Password);
            await Call(login, cancellationToken).ConfigureAwait(false);
        }

        var name = Command("CLIENT", "SETNAME", RedisOptions.ClientName(settings) + "-wait");
        await Call(name, cancellationToken).ConfigureAwait(false);
        if (settings.Database > 0)
        {
            var database = settings.Database.ToString(CultureInfo.InvariantCulture);
            await Call(Command("SELECT", database), cancellationToken).ConfigureAwait(false);
        }

        var id = await Call(Command("CLIENT", "ID"), cancellationToken).ConfigureAwait(false);
        ClientId = long.Parse(id!, CultureInfo.InvariantCulture);
    }

    async Task<string> ReadLine(CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        while (true)
        {
            if (start == end)
            {
                await Fill(cancellationToken).ConfigureAwait(false);
            }

            var letter = (char)buffer[start++];
            if (letter == '\n')
            {
                return line.ToString();
            }

            if (letter != '\r')
            {
                line.Append(letter);
            }
        }
    }

    async Task Skip(long count, CancellationToken cancellationToken)
    {
        while (true)
        {
            var skipped = (int)Math.Min(count, end - start);
            start += skipped;
            count -= skipped;
            if (count == 0)
            {
                return;
            }

            await Fill(cancellationToken).ConfigureAwait(false);
        }
    }

    async Task Fill(CancellationToken cancellationToken)
    {
        start = 0;
        end = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        if (end == 0)
        {
            throw new IOException("Redis closed the connection.");
        }
    }

    /// Redis said no: "NOAUTH …", "READONLY …", "WRONGTYPE …".
    internal sealed class RefusedException(string message) : IOException(message);
}
