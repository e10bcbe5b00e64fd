using System.Globalization;

namespace MassTransit.Sidekiq.TestSupport;

/// <summary>
/// A real RabbitMQ on a free loopback port, for one test alone, with its own epmd, in which Erlang registers names: the one that
/// Erlang starts by itself would outlive the test.
/// </summary>
public sealed class RabbitMqServer : IAsyncDisposable
{
    const string User = "rabbitmq";
    const string Package = "rabbitmq-server";

    // One thread that does not spin while it has nothing to do: the machine has other tests to run.
    const string OneThread = "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none ";

    // Each has the guard time for itself: on a loaded machine Erlang alone takes ten seconds to start.
    static readonly string[] steps = ["Starting RabbitMQ", "Running boot step recovery", "Server startup complete"];

    readonly string folder;
    readonly int port;
    readonly ChildProcess names;
    readonly ChildProcess process;

    RabbitMqServer(string folder, int port, ChildProcess names, ChildProcess process) =>
        (this.folder, this.port, this.names, this.process) = (folder, port, names, process);

    /// <summary>Where it listens: amqp://guest:guest@127.0.0.1:20001/.</summary>
    public Uri Url => new($"amqp://guest:guest@127.0.0.1:{port}/");

    /// <summary>Starts one; returns when it listens. On one thread it takes little from other tests; what is measured has all.</summary>
    public static async Task<RabbitMqServer> Start(bool onOneThread = true)
    {
        var program = Requires.Folder("/usr/lib/rabbitmq/lib", Path.Combine("sbin", "rabbitmq-server"), Package);
        var folder = Directory.CreateTempSubdirectory("sidekiq-rabbitmq-").FullName;
        Reaper.Watch(folder);
        var port = FreePort.Next();
        await File.WriteAllLinesAsync(
            Path.Combine(folder, "rabbitmq.conf"),
            [
                $"listeners.tcp.1 = 127.0.0.1:{port}",
                "log.console = true",
                "log.console.level = info",
                "log.file = false",
            ]
        );
        await ServerAccount.Own(User, folder);

        var namesPort = FreePort.Next().ToString(CultureInfo.InvariantCulture);
        var epmd = ServerAccount.As(User, Requires.Program("epmd", Package));
        var names = ChildProcess.Start(epmd[0], [.. epmd[1..], "-port", namesPort, "-address", "127.0.0.1"]);
        var command = ServerAccount.As(User, Path.Combine(program, "rabbitmq-server"));
        var process = ChildProcess.Start(command[0], command[1..], Environment(folder, namesPort, onOneThread), folder);
        foreach (var step in steps)
        {
            await process.Line(step);
        }

        return new RabbitMqServer(folder, port, names, process);
    }

    /// <summary>Ends it at once; clients see their connections break.</summary>
    public Task Kill() => process.Kill();

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        await names.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    static Dictionary<string, string> Environment(string folder, string namesPort, bool onOneThread) =>
        new(StringComparer.Ordinal)
        {
            ["HOME"] = folder,
            ["ERL_EPMD_PORT"] = namesPort,
            ["RABBITMQ_NODENAME"] = "migration@localhost",
            ["RABBITMQ_BASE"] = folder,
            ["RABBITMQ_MNESIA_BASE"] = Path.Combine(folder, "data"),
            ["RABBITMQ_LOGS"] = "-",
            ["RABBITMQ_PID_FILE"] = Path.Combine(folder, "pid"),
            ["RABBITMQ_CONFIG_FILE"] = Path.Combine(folder, "rabbitmq.conf"),
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(folder, "plugins"),
            ["RABBITMQ_DIST_PORT"] = FreePort.Next().ToString(CultureInfo.InvariantCulture),
            ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] =
                (onOneThread ? OneThread : "") + "-kernel inet_dist_use_interface {127,0,0,1}",
            // The shell that starts it becomes it, so that the process we end is the server.
            ["RUNNING_UNDER_SYSTEMD"] = "true",
        };
}
