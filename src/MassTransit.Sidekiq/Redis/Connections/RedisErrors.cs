using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// What a failed step means for the other steps of its caller.
internal enum StepFailure
{
    // Redis is unreachable: nothing works until it is back, which the connection reports.
    Lost,

    // Redis refuses all commands for now: it is full, loading, read only, or does not know the user.
    Waits,

    // This step is refused until its cause is fixed, and others may work: a key of another type, or outside the ACL.
    OfTheStep,

    // It was done, but confirmed by fewer replicas than were asked for.
    Unconfirmed,
}

// What Redis's refusals mean, in one place: wait and try again (a transient ConnectionException, which MassTransit's
// policies retry), load the script, or tell the operator. No message here ever holds the password.
internal static class RedisErrors
{
    const int MostKeysTold = 8;

    static readonly string[] waiting =
    [
        "READONLY",
        "LOADING",
        "NOREPLICAS",
        "MASTERDOWN",
        "CLUSTERDOWN",
        "TRYAGAIN",
        "BUSY",
        "MISCONF",
        "UNBLOCKED",
    ];

    // Redis answers these to a PING as well: nothing works until they end.
    static readonly string[] outages = ["LOADING", "BUSY", "MISCONF"];
    static readonly string[] writeRefusals = ["OOM", "NOREPLICAS", "CLUSTERDOWN"];
    static readonly string[] refusals = ["OOM", "WRONGTYPE", "NOPERM", "NOAUTH", "WRONGPASS", "NOSCRIPT"];

    static readonly string[] scriptPermission = ["executing the script can't", "ACL failure in script"];

    // The exceptions of StackExchange.Redis when Redis, the network or the multiplexer fails a command. A multiplexer that
    // is closed while it reads fails pending commands with an InvalidOperationException of its pipe, or with an
    // ObjectDisposedException, which is one.
    public static bool IsRedis(Exception exception) =>
        exception
            is RedisException
                or RedisCommandException
                or TimeoutException
                or SocketException
                or IOException
                or InvalidOperationException
                or TaskCanceledException;

    // Redis does not tell which of the keys it refused.
    public static string Describe(string step, ReadOnlySpan<RedisKey> keys)
    {
        var text = new StringBuilder(step);
        for (var i = 0; i < Math.Min(keys.Length, MostKeysTold); i++)
        {
            text.Append(i == 0 ? " on " : ", ").Append(keys[i].ToString());
        }

        return text.Append(keys.Length > MostKeysTold ? ", …" : "").ToString();
    }

    public static bool IsNoScript(string message) => Code(message) == "NOSCRIPT";

    // Redis has no memory left.
    public static bool IsFull(string message) => Code(message) == "OOM";

    // A key holds another type than Sidekiq keeps there.
    public static bool IsWrongType(string message) => Code(message) == "WRONGTYPE";

    // The user lacks a command or a key.
    public static bool IsNoPermission(Exception? exception) =>
        exception is RedisServerException && Code(exception.Message) == "NOPERM";

    // A server that is not, or is no longer, the primary.
    public static bool IsReadOnly(Exception exception) =>
        exception is RedisServerException && Code(exception.Message) is "READONLY" or "MASTERDOWN";

    // Redis executes nothing at all now.
    public static bool IsOutage(Exception exception) =>
        exception is RedisServerException && outages.AsSpan().Contains(Code(exception.Message));

    // The first word of an error that means that Redis answers but takes no writes; null for any other.
    public static string? RefusesWrites(string message) =>
        Code(message) is { } code && writeRefusals.AsSpan().Contains(code) ? code : null;

    // A translated failure that means that Redis has no memory left.
    public static bool IsFull(ConnectionException translated) =>
        translated.InnerException is RedisServerException { Message: var message } && Code(message) == "OOM";

    // What it means and what to do about it.
    public static string WritesAdvice(string code) =>
        code switch
        {
            "OOM" =>
                "OOM: its memory is full. Sends fail, jobs are still run and make room. Raise its maxmemory, or remove data",
            "NOREPLICAS" =>
                "NOREPLICAS: fewer replicas follow it than its min-replicas-to-write. Sends fail and jobs wait. Bring replicas back, or lower it",
            _ => code + ": sends fail and jobs wait. See the log of Redis",
        };

    // An error that waiting fixes.
    public static bool IsPassing(string message) => waiting.AsSpan().Contains(Code(message));

    // A password or user that Redis does not accept: waiting does not help.
    public static bool IsAuthentication(Exception exception) =>
        exception switch
        {
            RedisServerException => Code(exception.Message) is "NOAUTH" or "WRONGPASS",
            RedisConnectionException { FailureType: ConnectionFailureType.AuthenticationFailure } => true,
            _ => exception.InnerException is { } inner && IsAuthentication(inner),
        };

    // A certificate that is not trusted: waiting does not help either.
    public static bool IsUntrusted(Exception exception) => Certificate(exception) is not null;

    // StackExchange.Redis reports this as a failed authentication too.
    static AuthenticationException? Certificate(Exception? exception) =>
        exception is null or AuthenticationException
            ? (AuthenticationException?)exception
            : Certificate(exception.InnerException);

    // The exception for the caller of a step. `what` is the step and its key: "claim on queue:orders".
    public static Exception Translate(Exception exception, string what, string address)
    {
        if (Certificate(exception) is { } untrusted)
        {
            return Refused(what, address, $"its TLS certificate is not trusted ({untrusted.Message})", exception);
        }

        if (IsAuthentication(exception))
        {
            return Refused(what, address, AuthenticationAdvice, exception);
        }

        if (IsNoDatabase(exception))
        {
            return Refused(what, address, NoDatabaseAdvice, exception);
        }

        if (exception is not RedisServerException)
        {
            return Lost(exception, what, address);
        }

        return Code(exception.Message) switch
        {
            "OOM" => new ConnectionException(
                $"Redis at {address} has no memory left for {what}. Raise its maxmemory, or remove data; "
                    + "its maxmemory-policy should be noeviction.",
                exception,
                isTransient: true
            ),
            "WRONGTYPE" => Refused(
                what,
                address,
                "a key has another type than Sidekiq gives it. Remove or rename the key, or use another database or prefix",
                exception
            ),
            "NOPERM" => Refused(
                what,
                address,
                "the user lacks a permission. Give it the command or key named in the inner exception (ACL SETUSER)",
                exception
            ),
            "NOSCRIPT" => Lost(exception, what, address),
            { } code when waiting.AsSpan().Contains(code) => new ConnectionException(
                $"Redis at {address} cannot serve {what} now ({code}).",
                exception,
                isTransient: true
            ),
            _ => Refused(what, address, exception.Message, exception),
        };
    }

    // For an exception that Translate made.
    public static StepFailure FailureOf(Exception translated) =>
        translated switch
        {
            ConnectionException { IsTransient: false } => StepFailure.Unconfirmed,
            ConnectionException { InnerException: RedisServerException } => StepFailure.Waits,
            ConnectionException => StepFailure.Lost,
            { InnerException: { } inner } when IsAuthentication(inner) || IsUntrusted(inner) => StepFailure.Waits,
            _ => StepFailure.OfTheStep,
        };

    // StackExchange.Redis asks the server how many it has, and sends nothing to one beyond.
    static bool IsNoDatabase(Exception? exception) =>
        exception is not null
        && (
            exception.Message.Contains("database does not exist on the server", StringComparison.Ordinal)
            || exception.Message.Contains("DB index is out of range", StringComparison.Ordinal)
            || IsNoDatabase(exception.InnerException)
        );

    public const string NoDatabaseAdvice =
        "it has no database of this number. Set Database to one that its 'databases' setting has, which are 0 to 15 by default";

    public const string AuthenticationAdvice =
        "user name or password were not accepted. Check the host's UserName and Password against Redis's requirepass or ACL";

    static ConnectionException Lost(Exception exception, string what, string address) =>
        new($"Redis at {address} did not answer {what} ({Reason(exception)}).", exception, isTransient: true);

    static SidekiqRedisException Refused(string what, string address, string why, Exception exception) =>
        new($"Redis at {address} refused {what}: {why}.", exception);

    // The root cause, in Redis's or .NET's own words.
    public static string Cause(Exception exception) =>
        exception.InnerException is { } inner ? Cause(inner) : exception.Message;

    // In one word where the library has one: SocketClosed, UnableToConnect, Timeout.
    public static string Reason(Exception exception) =>
        exception switch
        {
            RedisConnectionException { FailureType: not ConnectionFailureType.None } lost
                when lost.FailureType != ConnectionFailureType.UnableToResolvePhysicalConnection
                    || lost.InnerException is null => lost.FailureType.ToString(),
            RedisConnectionException { InnerException: { } inner } => Reason(inner),
            RedisServerException server => Code(server.Message) ?? "refused",
            SocketException socket => socket.SocketErrorCode.ToString(),
            TimeoutException => "Timeout",
            InvalidOperationException or TaskCanceledException => "connection was replaced",
            _ => exception.GetType().Name,
        };

    // The first word of an error. An error from inside a script differs: Redis 6.2 hides the first word in
    // "ERR Error running script (call to f_…): @user_script:12: WRONGTYPE Operation against …", with or without a minus,
    // and a missing permission has none at all before 7.4.
    static string? Code(string message)
    {
        if (scriptPermission.Any(words => message.Contains(words, StringComparison.Ordinal)))
        {
            return "NOPERM";
        }

        var space = message.IndexOf(' ', StringComparison.Ordinal);
        var first = space < 0 ? message : message[..space];
        if (first != "ERR" || !message.Contains("user_script", StringComparison.Ordinal))
        {
            return first;
        }

        return waiting
                .Concat(refusals)
                .FirstOrDefault(code =>
                    message.Contains($" {code} ", StringComparison.Ordinal)
                    || message.Contains($"-{code} ", StringComparison.Ordinal)
                )
            ?? first;
    }
}
