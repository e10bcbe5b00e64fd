using System.Globalization;
using Garnet.networking;

namespace MassTransit.Sidekiq;

// Runs the commands of one client, in its turn. Nearly all go to its session in Garnet as they came; those below are bent:
// scripts get their dialect, transactions are turns already, and clients are ours.
internal sealed class CommandRunner : IDisposable
{
    readonly EmbeddedStore store;
    readonly ReplyBuffer replies;
    readonly IMessageConsumer session;
    static readonly ReadOnlyMemory<byte>[] one =
    [
        "EVAL"u8.ToArray(),
        ScriptDialect.Bend("return redis.call(unpack(ARGV))"u8),
        "0"u8.ToArray(),
    ];

    List<Command>? transaction;

    public CommandRunner(EmbeddedStore store, ReplyBuffer replies)
    {
        (this.store, this.replies) = (store, replies);
        session = store.NewSession(replies);
        Client = new ClientState(ReadId());
        store.Clients.Add(Client);
    }

    public ClientState Client { get; }

    public bool IsInTransaction => transaction is not null;

    public void Run(Command command)
    {
        store.Count(Client.Database, command.Bytes.Length);
        replies.IsInTurn = true;
        var name = command.Name;
        if (transaction is not null && name is not ("EXEC" or "DISCARD" or "MULTI" or "WATCH"))
        {
            transaction.Add(command.Copy());
            replies.Write("+QUEUED\r\n"u8);
        }
        else
        {
            Run(name, command);
        }

        replies.IsInTurn = false;
    }

    public void Dispose()
    {
        store.Clients.Remove(Client);
        session.Dispose();
    }

    void Run(string name, Command command)
    {
        switch (name)
        {
            case "EVALSHA" when command.Count > 1:
                store.Scripts.Replace(command[1].Span);
                Forward(command);
                break;
            case "EVAL" when command.Count > 1:
                Forward(
                    Command.Of([.. Words(command, 0, 1), ScriptDialect.Bend(command[1].Span), .. Words(command, 2)])
                );
                break;
            case "SCRIPT":
                RunScript(command);
                break;
            case "CLIENT":
                RunClient(command);
                break;
            case "SELECT":
                Select(command);
                break;
            case "INFO" when command.Count == 1:
                replies.WriteString(ServerInfo.Describe(store.Clients.Count));
                break;
            case "COPY":
            case "RPOP" or "LPOP" when command.Count == 3:
            case "SET" when IsBent(command):
                // As the one command of a script: what scripts get bent is bent once.
                Forward(Command.Of([.. one, .. Words(command, 0)]));
                break;
            case "MULTI" or "EXEC" or "DISCARD":
                RunTransaction(name);
                break;
            case "WATCH" or "BLMPOP" or "BZPOPMIN" or "BZPOPMAX" or "BZMPOP" or "XREAD" or "XREADGROUP" or "MONITOR":
                replies.Write($"-ERR the embedded server does not have {name}: use Redis or Valkey\r\n");
                break;
            default:
                Forward(command);
                break;
        }
    }

    void RunScript(Command command)
    {
        switch (command.Text(1).ToUpperInvariant())
        {
            case "LOAD" when command.Count == 3:
                var before = replies.Length;
                Forward(Command.Of([.. Words(command, 0, 2), ScriptDialect.Bend(command[2].Span)]));
                var reply = replies.TakeFrom(before);
                if (reply is [(byte)'$', ..])
                {
                    replies.WriteString(store.Scripts.Add(command[2].Span));
                }
                else
                {
                    replies.Write(reply);
                }

                break;
            case "EXISTS":
                for (var word = 2; word < command.Count; word++)
                {
                    store.Scripts.Replace(command[word].Span);
                }

                Forward(command);
                break;
            case "FLUSH":
                store.Scripts.Clear();
                Forward(command);
                break;
            default:
                Forward(command);
                break;
        }
    }

    void RunClient(Command command)
    {
        switch (command.Text(1).ToUpperInvariant())
        {
            case "ID":
                replies.Write(string.Create(CultureInfo.InvariantCulture, $":{Client.Id}\r\n"));
                break;
            case "LIST":
                replies.WriteString(store.Clients.Describe(command.Texts(2)));
                break;
            case "UNBLOCK":
                replies.Write(store.Clients.Unblock(command.Text(2)) ? ":1\r\n"u8 : ":0\r\n"u8);
                break;
            case "SETNAME":
                Client.Name = command.Text(2);
                Forward(command);
                break;
            default:
                Forward(command);
                break;
        }
    }

    void Select(Command command)
    {
        var before = replies.Length;
        Forward(command);
        var reply = replies.TakeFrom(before);
        if (reply is [(byte)'+', ..])
        {
            Client.Database = int.Parse(command.Text(1), CultureInfo.InvariantCulture);
        }

        replies.Write(reply);
    }

    // SET key value … PXAT time
    static bool IsBent(Command command)
    {
        for (var word = 3; word < command.Count - 1; word++)
        {
            if (command.Text(word).ToUpperInvariant() is "PXAT" or "EXAT")
            {
                return true;
            }
        }

        return false;
    }

    // Others wait for their turn anyway: EXEC runs what was queued, one after the other, as Redis does.
    void RunTransaction(string name)
    {
        switch (name)
        {
            case "MULTI" when transaction is null:
                transaction = [];
                replies.Write("+OK\r\n"u8);
                break;
            case "MULTI":
                replies.Write("-ERR MULTI calls can not be nested\r\n"u8);
                break;
            case "EXEC" when transaction is { } queued:
                transaction = null;
                replies.Write(string.Create(CultureInfo.InvariantCulture, $"*{queued.Count}\r\n"));
                foreach (var command in queued)
                {
                    Run(command.Name, command);
                }

                break;
            case "DISCARD" when transaction is not null:
                transaction = null;
                replies.Write("+OK\r\n"u8);
                break;
            default:
                replies.Write($"-ERR {name} without MULTI\r\n");
                break;
        }
    }

    unsafe void Forward(Command command)
    {
        fixed (byte* request = command.Bytes.Span)
        {
            session.TryConsumeMessages(request, command.Bytes.Length);
        }
    }

    // Garnet counts its sessions.
    long ReadId()
    {
        replies.IsInTurn = true;
        Forward(Command.Of("CLIENT", "ID"));
        replies.IsInTurn = false;
        var reply = replies.TakeFrom(0);
        return long.Parse(reply.AsSpan(1, reply.Length - 3), CultureInfo.InvariantCulture);
    }

    static IEnumerable<ReadOnlyMemory<byte>> Words(Command command, int from, int to = int.MaxValue)
    {
        for (var word = from; word < Math.Min(to, command.Count); word++)
        {
            yield return command[word];
        }
    }
}
