using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using MassTransit;
using MassTransit.Sidekiq;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace OrdersApi.Tests;

/// <summary>The sample as its users run it: the API on a Redis and a database of its own, beside a real Ruby Sidekiq.</summary>
sealed class Shop : IAsyncDisposable
{
    readonly WebApplicationFactory<Program> factory;
    readonly ChildProcess ruby;
    readonly Func<ValueTask> releaseDatabase;

    Shop(
        WebApplicationFactory<Program> factory,
        ChildProcess ruby,
        RedisDatabase redis,
        Func<ValueTask> releaseDatabase
    )
    {
        (this.factory, this.ruby, this.releaseDatabase) = (factory, ruby, releaseDatabase);
        Redis = redis;
    }

    public RedisDatabase Redis { get; }

    public HttpClient Api { get; private set; } = null!;

    /// <summary>Where a browser finds it.</summary>
    public Uri Address => Api.BaseAddress!;

    public IOutboxInspector Outbox => factory.Services.GetRequiredService<IOutboxInspector>();

    public IReadOnlyList<string> RubyLines => ruby.Lines;

    /// <param name="postgres">On PostgreSQL; otherwise on SQLite.</param>
    /// <param name="server">Whether a browser can reach it.</param>
    /// <param name="settings">What differs from appsettings.json.</param>
    public static async Task<Shop> Open(
        bool postgres = false,
        bool server = false,
        params (string Key, string Value)[] settings
    )
    {
        var redis = await RedisServer.Lease();
        var (connectionString, release) = postgres ? await LeasePostgres() : NewSqlite();
        var ruby = StartRuby(redis);

        var factory = new WebApplicationFactory<Program>().WithWebHostBuilder(host =>
        {
            host.UseSetting("ConnectionStrings:redis", redis.Url);
            host.UseSetting("ConnectionStrings:Orders", connectionString);
            foreach (var (key, value) in settings)
            {
                host.UseSetting(key, value);
            }

            host.ConfigureLogging(logging => logging.ClearProviders());
            // A request that is published before the saga has subscribed reaches nobody.
            host.ConfigureServices(services =>
                services.Configure<MassTransitHostOptions>(options => options.WaitUntilStarted = true)
            );
        });
        var shop = new Shop(factory, ruby, redis, release);
        try
        {
            if (server)
            {
                factory.UseKestrel(port: 0);
                factory.StartServer();
            }

            shop.Api = factory.CreateClient();
            await ruby.Line("subscribed to OrderSubmitted");
        }
        catch
        {
            await shop.DisposeAsync();
            throw;
        }

        return shop;
    }

    public async Task<Guid> Submit(string customer, string item = "tea", string? reference = null)
    {
        using var answer = await Api.PostAsJsonAsync("/orders", Order(customer, item, reference)).InTime();
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var order = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("orderId").GetGuid();
        Assert.Equal($"/orders/{order}", answer.Headers.Location?.AbsolutePath);

        return order;
    }

    public static object Order(string customer, string item = "tea", string? reference = null) =>
        new
        {
            customer,
            item,
            total = 59.90m,
            reference,
        };

    public Task<HttpResponseMessage> Pay(Guid order) =>
        Api.PostAsync($"/orders/{order}/payment", content: null).InTime();

    public async Task<JsonElement> Show(Guid order) =>
        await Api.GetFromJsonAsync<JsonElement>($"/orders/{order}").InTime();

    public Task Reaches(Guid order, string state) =>
        Until(
            async () => (await Show(order)).GetProperty("state").GetString() == state,
            async () => $"{await Show(order)}\n{ruby.Dump()}\n{await Redis.Dump()}"
        );

    /// <summary>The jobs that nobody has completed yet, as the outbox knows them.</summary>
    public async Task<string[]> OpenJobs()
    {
        await using var scope = factory.Services.CreateAsyncScope();
        var ledger = scope.ServiceProvider.GetRequiredService<OrdersDb>().Set<OutboxLedger>();

        return await ledger.Select(row => row.Job).ToArrayAsync();
    }

    public Task<string> Ruby(params string[] texts) =>
        ruby.Line(
            line => texts.All(text => line.Contains(text, StringComparison.Ordinal)),
            $"a line of Ruby with '{string.Join("' and '", texts)}'"
        );

    public async ValueTask DisposeAsync()
    {
        Api?.Dispose();
        await factory.DisposeAsync();
        await ruby.DisposeAsync();
        await Redis.DisposeAsync();
        await releaseDatabase();
    }

    // As docker-compose.yml and the demo start it.
    static ChildProcess StartRuby(RedisDatabase redis) =>
        ChildProcess.Start(
            Requires.Program("sidekiq", "ruby-sidekiq"),
            ["-C", "sidekiq.yml", "-r", "./worker.rb"],
            new Dictionary<string, string>
            {
                ["REDIS_URL"] = redis.Url,
                ["RUBYOPT"] = "-W0", // Sidekiq 6.4 uses what newer gems call deprecated
            },
            Repository.PathOf("samples/OrdersApi/ruby")
        );

    static (string ConnectionString, Func<ValueTask> Release) NewSqlite()
    {
        var file = Path.Combine(Path.GetTempPath(), $"orders-{Guid.NewGuid():N}.db");
        var connectionString = $"Data Source={file}";
        return (
            connectionString,
            () =>
            {
                using var connection = new SqliteConnection(connectionString);
                SqliteConnection.ClearPool(connection);
                File.Delete(file);
                return ValueTask.CompletedTask;
            }
        );
    }

    static async Task<(string ConnectionString, Func<ValueTask> Release)> LeasePostgres()
    {
        // Empty: the sample makes its tables itself.
        var database = await PostgresServer.Lease("orders-api", _ => Task.CompletedTask);
        return (database.ConnectionString, database.DisposeAsync);
    }
}
