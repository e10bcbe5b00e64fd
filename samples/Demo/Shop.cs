using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Demo;

// The three processes of the demo: a Redis of its own, Ruby's Sidekiq, and the .NET service.
sealed class Shop : IAsyncDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("sidekiq-demo-").FullName;
    readonly int redisPort = FreePort();
    readonly Stack<ChildProcess> started = [];
    ChildProcess? dotnet;
    ChildProcess? ruby;

    public ChildProcess Dotnet => dotnet ?? throw new InvalidOperationException("Not started.");

    public ChildProcess Ruby => ruby ?? throw new InvalidOperationException("Not started.");

    public HttpClient Api { get; } = new();

    public string Urls =>
        $"\n  dashboard  {Api.BaseAddress}sidekiq\n  API        {Api.BaseAddress}swagger\n  health     {Api.BaseAddress}health\n  Redis      {RedisUrl}";

    string RedisUrl => string.Create(CultureInfo.InvariantCulture, $"redis://127.0.0.1:{redisPort}/0");

    public async Task Start(CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();

        var redis = StartRedis();
        await redis.Line(cancellationToken, "Ready to accept connections");

        ruby = StartRuby();
        dotnet = StartApi();
        var subscribed = await ruby.Line(cancellationToken, "subscribed to OrderSubmitted");
        var listening = await dotnet.Line(cancellationToken, "Now listening on: ");
        await dotnet.Line(cancellationToken, "Bus started");
        Api.BaseAddress = new Uri(Address(listening.Text));

        Console.WriteLine($"Redis      pid {redis.Id}, {RedisUrl}");
        Console.WriteLine($"Ruby       pid {ruby.Id}, {Story.Message(subscribed.Text)}");
        Console.WriteLine($".NET       pid {dotnet.Id}, {Api.BaseAddress}");
        Console.WriteLine($"started in {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");
        Console.WriteLine("Times count from the beginning of a step; earlier lines are marked 'before'.");
    }

    public async ValueTask DisposeAsync()
    {
        // Processes that use Redis stop before it does.
        while (started.TryPop(out var process))
        {
            await process.DisposeAsync();
        }

        Api.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    ChildProcess StartRedis() =>
        Started(
            ChildProcess.Start(
                "Redis",
                "redis-server",
                [
                    "--port",
                    Text(redisPort),
                    "--bind",
                    "127.0.0.1",
                    "--dir",
                    folder,
                    "--save",
                    "",
                    "--maxmemory-policy",
                    "noeviction",
                ]
            )
        );

    ChildProcess StartRuby() =>
        Started(
            ChildProcess.Start(
                "Ruby",
                "sidekiq",
                ["-C", "ruby/sidekiq.yml", "-r", "./ruby/worker.rb"],
                ("REDIS_URL", RedisUrl),
                ("RUBYOPT", "-W0") // Sidekiq 6.4 uses what newer gems call deprecated
            )
        );

    ChildProcess StartApi() =>
        Started(
            ChildProcess.Start(
                ".NET",
                "dotnet",
                ["exec", "OrdersApi.dll", "--urls", "http://127.0.0.1:0"],
                ("DOTNET_ENVIRONMENT", "Development"), // opens the dashboard to this machine
                ("ConnectionStrings__redis", RedisUrl),
                ("ConnectionStrings__Orders", $"Data Source={Path.Combine(folder, "orders.db")}"),
                ("Orders__PaymentTimeout", "00:00:03"),
                ("Orders__RestockDelay", "00:00:01")
            )
        );

    ChildProcess Started(ChildProcess process)
    {
        started.Push(process);
        return process;
    }

    // From "Now listening on: http://127.0.0.1:40123", anywhere in the line.
    static string Address(string line)
    {
        var start = line.IndexOf("http://", StringComparison.Ordinal);
        var end = line.IndexOf('"', start);

        return end < 0 ? line[start..] : line[start..end];
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();

        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
