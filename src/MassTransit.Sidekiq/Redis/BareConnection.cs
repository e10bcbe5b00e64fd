using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace MassTransit.Sidekiq;

/// A connection without StackExchange.Redis, for the two places where its way costs what they are there to save: blocking
/// waits (QueueWaiter) and sends (PipelinedConnection). Speaks what these need of RESP2: lines, numbers, bulk strings and
/// arrays of them.
internal sealed class BareConnection : IAsyncDisposable
{
    readonly Socket socket;
    readonly byte[] buffer = new byte[4096];
    Stream stream = Stream.Null;
    int start;
    int end;

    BareConnection(Socket socket) => this.socket = socket;

    /// What CLIENT UNBLOCK wants.
    public long ClientId { get; private set; }

    /// `purpose` ends the name that CLIENT LIST shows.
    public static async Task<BareConnection> Open(
        RedisSettings settings,
        EndPoint endpoint,
        string purpose,
        CancellationToken cancellationToken
    )
    {
        var socket =
            endpoint.AddressFamily == AddressFamily.Unix
                ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
                : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var connection = new BareConnection(socket);
        try
        {
            await socket.ConnectAsync(endpoint, cancellationToken).ConfigureAwait(false);
            connection.stream = new NetworkStream(socket);
            if (settings.UseTls)
            {
                await connection.Encrypt(endpoint, cancellationToken).ConfigureAwait(false);
            }

            await connection.Introduce(settings, purpose, cancellationToken).ConfigureAwait(false);
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
        var command = new ArrayBufferWriter<byte>();
        command.Begin(words.Length);
        foreach (var word in words)
        {
            command.Word(word);
        }

        return command.WrittenSpan.ToArray();
    }

    /// One command and its reply (see Read).
    public async Task<object?> Call(ReadOnlyMemory<byte> command, CancellationToken cancellationToken)
    {
        await Write(command, cancellationToken).ConfigureAwait(false);
        return await Read(cancellationToken).ConfigureAwait(false);
    }

    /// Several commands may be written before their replies are read, one by one, in their order.
    public ValueTask Write(ReadOnlyMemory<byte> commands, CancellationToken cancellationToken) =>
        stream.WriteAsync(commands, cancellationToken);

    /// The next reply: null for Redis' nil, a string for a line, a long, a byte[] for a bulk string, an object?[] of these.
    public async ValueTask<object?> Read(CancellationToken cancellationToken)
    {
        var line = await ReadLine(cancellationToken).ConfigureAwait(false);
        switch ((char)buffer[line])
        {
            case ':':
                return Number(line);
            case '+':
                return Text(line);
            case '-':
                throw new RefusedException(Text(line));
            case '$':
                var length = (int)Number(line);
                return length < 0 ? null : await ReadBulk(length, cancellationToken).ConfigureAwait(false);
            case '*':
                var count = (int)Number(line);
                return count < 0 ? null : await ReadArray(count, cancellationToken).ConfigureAwait(false);
            default:
                throw new IOException(
                    $"Redis answered with '{(char)buffer[line]}{Text(line)}', which is no reply of RESP2."
                );
        }
    }

    /// Whoever reads or writes fails.
    public void Abort()
    {
        stream.Dispose();
        socket.Dispose();
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

    async Task Introduce(RedisSettings settings, string purpose, CancellationToken cancellationToken)
    {
        if (!string.IsNullOrEmpty(settings.Password))
        {
            var login = string.IsNullOrEmpty(settings.UserName)
                ? Command("AUTH", settings.Password)
                : Command("AUTH", settings.UserName, settings.Password);
            await Call(login, cancellationToken).ConfigureAwait(false);
        }

        var name = Command("CLIENT", "SETNAME", $"{RedisOptions.ClientName(settings)}-{purpose}");
        await Call(name, cancellationToken).ConfigureAwait(false);
        if (settings.Database > 0)
        {
            var database = settings.Database.ToString(CultureInfo.InvariantCulture);
            await Call(Command("SELECT", database), cancellationToken).ConfigureAwait(false);
        }

        var id = await Call(Command("CLIENT", "ID"), cancellationToken).ConfigureAwait(false);
        ClientId = (long)id!;
    }

    // What stands between the first letter of a line and its end.
    ReadOnlySpan<byte> Rest(int line) => buffer.AsSpan(line + 1, start - line - 1).TrimEnd("\r\n"u8);

    string Text(int line) => Encoding.UTF8.GetString(Rest(line));

    long Number(int line) => long.Parse(Rest(line), CultureInfo.InvariantCulture);

    async ValueTask<byte[]> ReadBulk(int length, CancellationToken cancellationToken)
    {
        var bulk = new byte[length];
        var there = Math.Min(length, end - start);
        buffer.AsSpan(start, there).CopyTo(bulk);
        start += there;
        await stream.ReadExactlyAsync(bulk.AsMemory(there), cancellationToken).ConfigureAwait(false);

        // What ends it.
        await ReadLine(cancellationToken).ConfigureAwait(false);
        return bulk;
    }

    async ValueTask<object?[]> ReadArray(int length, CancellationToken cancellationToken)
    {
        var items = new object?[length];
        for (var i = 0; i < length; i++)
        {
            try
            {
                items[i] = await Read(cancellationToken).ConfigureAwait(false);
            }
            catch (RefusedException refused)
            {
                // The rest of the array is still to be read.
                items[i] = refused;
            }
        }

        return items;
    }

    /// Where the next line begins in the buffer, which keeps it until more is read.
    async ValueTask<int> ReadLine(CancellationToken cancellationToken)
    {
        int length;
        while ((length = buffer.AsSpan(start, end - start).IndexOf((byte)'\n')) < 0)
        {
            await Fill(cancellationToken).ConfigureAwait(false);
        }

        var line = start;
        start += length + 1;
        return line;
    }

    async ValueTask Fill(CancellationToken cancellationToken)
    {
        buffer.AsSpan(start, end - start).CopyTo(buffer);
        (start, end) = (0, end - start);
        if (end == buffer.Length)
        {
            throw new IOException($"Redis answered with a line of more than {buffer.Length} bytes.");
        }

        var read = await stream.ReadAsync(buffer.AsMemory(end), cancellationToken).ConfigureAwait(false);
        end += read;
        if (read == 0)
        {
            throw new IOException("Redis closed the connection.");
        }
    }

    /// Redis said no: "NOAUTH …", "READONLY …", "WRONGTYPE …".
    internal sealed class RefusedException(string message) : IOException(message);
}
