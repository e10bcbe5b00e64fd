using System.Globalization;
using System.Text.RegularExpressions;
using StackExchange.Redis;

namespace MassTransit.Sidekiq.Tests.Embedded;

/// <summary>tests/EmbeddedHost: the embedded server as a process of its own, which can be killed.</summary>
sealed partial class EmbeddedProcess : IAsyncDisposable
{
    readonly ChildProcess process;

    EmbeddedProcess(ChildProcess process, int port)
    {
        (this.process, Port) = (process, port);
    }

    public int Port { get; }

    public static ChildProcess Launch(string folder)
    {
        var build = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Repository.PathOf($"tests/EmbeddedHost/bin/{build.Parent!.Name}/{build.Name}/EmbeddedHost.dll");
        return ChildProcess.Start(Requires.Program("dotnet", "dotnet-sdk-10.0"), ["exec", program, folder]);
    }

    public static async Task<EmbeddedProcess> Start(string folder)
    {
        var process = Launch(folder);
        var line = await process.Line("Embedded server on");
        await process.Line("Application started");
        return new EmbeddedProcess(
            process,
            int.Parse(Port_().Match(line).Groups[1].Value, CultureInfo.InvariantCulture)
        );
    }

    public async Task<ConnectionMultiplexer> Connect() =>
        await ConnectionMultiplexer
            .ConnectAsync($"127.0.0.1:{Port},allowAdmin=true,asyncTimeout=25000,syncTimeout=25000")
            .InTime();

    public Task Kill() => process.Kill();

    public ValueTask DisposeAsync() => process.DisposeAsync();

    [GeneratedRegex(@"127\.0\.0\.1:(\d+)")]
    private static partial Regex Port_();
}
