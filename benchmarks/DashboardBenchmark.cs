using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MassTransit.Sidekiq.Benchmarks;

// What a page of the dashboard costs when there is much: a million retries, a million scheduled jobs, a queue of a million and 499 more.
internal sealed class DashboardBenchmark(Lab lab) : IAsyncDisposable
{
    const int Batch = 10_000;
    const int Queues = 500;

    static readonly string[] pages =
    [
        "",
        "queues",
        "queues/bench-0",
        "queues/bench-0?page=400",
        "running",
        "retries",
        "scheduled",
        "dead",
        "topics",
        "periodic",
        "metrics",
    ];

    RedisServer? server;
    WebApplication? site;

    public async Task Run(Figures figures)
    {
        if (server is null)
        {
            server = await RedisServer.StartOwn();
            await Fill(server.Open());
            site = await Open(server.Open().Url);
        }

        using var visitor = new HttpClient { BaseAddress = new Uri(site!.Urls.First() + "/") };
        foreach (var page in pages)
        {
            await Measure(figures, visitor, page);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (site is not null)
        {
            await site.DisposeAsync();
        }

        if (server is not null)
        {
            await server.DisposeAsync();
        }
    }

    async Task Measure(Figures figures, HttpClient visitor, string page)
    {
        var name =
            "dashboard." + (page.Length == 0 ? "overview" : page.Replace("bench-0", "one", StringComparison.Ordinal));
        var address = new Uri("sidekiq/" + page, UriKind.Relative);
        using var connection = await server!.Connect();
        for (var warm = 0; warm < 10; warm++)
        {
            await visitor.GetStringAsync(address);
        }

        var times = new List<double>();
        for (var sample = 0; sample < 20; sample++)
        {
            var start = Stopwatch.GetTimestamp();
            await visitor.GetStringAsync(address);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        times.Sort();
        figures.Add($"{name}_ms", times[times.Count / 2], "ms");

        // The bus of the site has no endpoint, so nothing else is asked of this Redis. Of the two INFO, one is counted.
        var database = connection.GetDatabase(0);
        var before = await Lab.Commands(database);
        await visitor.GetStringAsync(address);
        figures.Add($"{name}_commands", await Lab.Commands(database) - before - 1, "commands");
    }

    async Task Fill(RedisDatabase redis)
    {
        for (var first = 0; first < lab.Jobs(1_000_000); first += Batch)
        {
            await redis.Db.ScriptEvaluateAsync(
                """
                for i = ARGV[1] + 1, ARGV[1] + ARGV[2] do
                  local job = '{"class":"Billing::Pay' .. i % 20 .. '","args":[{"order":' .. i .. ',"amount":49.9}],"queue":"bench-0","jid":"' .. i .. '","retry":true,"created_at":1700000000.5,"error_class":"Timeout::Error","error_message":"no answer from the bank","failed_at":1700000000.5,"retry_count":3}'
                  redis.call('LPUSH', 'queue:bench-0', job)
                  redis.call('ZADD', 'retry', 4000000000 + i, job)
                  redis.call('ZADD', 'schedule', 4000000000 + i, job)
                  if i % 100 == 0 then redis.call('ZADD', 'dead', 1700000000 + i, job) end
                end
                """,
                values: [first, Batch]
            );
        }

        for (var queue = 0; queue < Queues; queue++)
        {
            await redis.Db.SetAddAsync("queues", $"bench-{queue}");
            await redis.Db.ListLeftPushAsync(
                $"queue:bench-{queue}",
                """{"class":"Any","args":[],"jid":"1","enqueued_at":1700000000.5}"""
            );
        }
    }

    static async Task<WebApplication> Open(string redis)
    {
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { EnvironmentName = Environments.Development }
        );
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddMassTransit(x => x.UsingSidekiq((_, cfg) => cfg.Host(redis)));
        var site = builder.Build();
        site.MapSidekiqDashboard();
        await site.StartAsync();
        return site;
    }
}
