namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>
/// An application with migrations that `dotnet ef` made on the installed packages, once for all tests. Two of its contexts have had
/// the outbox from the first migration on; OlderShop has a migration from before, and a second one for the outbox.
/// </summary>
public sealed class MigratedShop(BuiltPackages packages) : IAsyncLifetime
{
    const string BeforeTheOutbox = """
        using Microsoft.EntityFrameworkCore;
        using Microsoft.Extensions.DependencyInjection;
        using Microsoft.Extensions.Hosting;

        var builder = Host.CreateApplicationBuilder(args);
        builder.Services.AddDbContext<OlderShop>(options => options.UseNpgsql(builder.Configuration["database"]));
        builder.Build().Run();

        public sealed class OlderShop(DbContextOptions<OlderShop> options) : DbContext(options)
        {
            public DbSet<Order> Orders => Set<Order>();
        }

        public sealed class Order
        {
            public Guid Id { get; set; }
        }
        """;

    // Places an order when it runs: a row, and a message to Redis by the outbox.
    const string WithTheOutbox = """
        using MassTransit;
        using MassTransit.Sidekiq;
        using Microsoft.EntityFrameworkCore;
        using Microsoft.Extensions.DependencyInjection;
        using Microsoft.Extensions.Hosting;

        var builder = Host.CreateApplicationBuilder(args);
        var database = builder.Configuration["database"];
        await (builder.Configuration["shop"] switch
        {
            nameof(SqliteShop) => Place<SqliteShop>(options => options.UseSqlite(database)),
            nameof(PostgresShop) => Place<PostgresShop>(options => options.UseNpgsql(database)),
            _ => Place<OlderShop>(options => options.UseNpgsql(database)),
        });

        async Task Place<T>(Action<DbContextOptionsBuilder> configure)
            where T : Shop
        {
            builder.Services.AddDbContext<T>(configure);
            builder.Services.AddMassTransit(x =>
            {
                x.AddSidekiqOutbox<T>(outbox => outbox.UseBusOutbox());
                x.UsingSidekiq((context, cfg) => cfg.Host(builder.Configuration["redis"]!));
            });
            using var host = builder.Build();
            await host.StartAsync();

            await using (var scope = host.Services.CreateAsyncScope())
            {
                var shop = scope.ServiceProvider.GetRequiredService<T>();
                var sender = scope.ServiceProvider.GetRequiredService<ISendEndpointProvider>();
                await using var transaction = await shop.Database.BeginTransactionAsync();
                var order = new Order { Id = Guid.NewGuid() };
                shop.Add(order);
                await (await sender.GetSendEndpoint(new Uri("queue:shipping"))).Send(new Messages.ShipOrder(order.Id));
                await shop.SaveChangesAsync();
                Console.WriteLine($"staged {await shop.Set<OutboxMessage>().CountAsync()}");
                await transaction.CommitAsync();

                await host.Services.GetRequiredService<IOutboxInspector>().WaitUntilDrained();
                Console.WriteLine($"left {await shop.Set<OutboxMessage>().CountAsync()} of {order.Id}");
            }

            await host.StopAsync();
        }

        public abstract class Shop(DbContextOptions options) : DbContext(options)
        {
            public DbSet<Order> Orders => Set<Order>();

            protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddSidekiqOutbox();
        }

        public sealed class OlderShop(DbContextOptions<OlderShop> options) : Shop(options);

        public sealed class PostgresShop(DbContextOptions<PostgresShop> options) : Shop(options);

        public sealed class SqliteShop(DbContextOptions<SqliteShop> options) : Shop(options);

        public sealed class Order
        {
            public Guid Id { get; set; }
        }

        namespace Messages
        {
            public sealed record ShipOrder(Guid OrderId);
        }
        """;

    InstalledProject? project;

    /// <summary>What the check for model changes said of OlderShop when it had the outbox, and no migration for it yet.</summary>
    public Answer BeforeItsMigration { get; private set; } = new(0, "");

    public async ValueTask InitializeAsync()
    {
        project = await InstalledProject.Create(
            packages,
            "Microsoft.EntityFrameworkCore.Design",
            "Microsoft.EntityFrameworkCore.Sqlite",
            "Microsoft.Extensions.Hosting",
            "Npgsql.EntityFrameworkCore.PostgreSQL"
        );
        // `dotnet ef` in the version of this repository, where `dotnet tool restore` has fetched it.
        Directory.CreateDirectory(Path.Combine(project.Folder, ".config"));
        File.Copy(
            Repository.PathOf(".config/dotnet-tools.json"),
            Path.Combine(project.Folder, ".config/dotnet-tools.json")
        );

        await project.Write("Program.cs", BeforeTheOutbox);
        await project.Build();
        await AddMigration("OlderShop", "Initial");

        await project.Write("Program.cs", WithTheOutbox);
        await project.Build();
        BeforeItsMigration = await Ef("OlderShop", "migrations has-pending-model-changes");
        await AddMigration("OlderShop", "Outbox");
        await AddMigration("PostgresShop", "Initial");
        await AddMigration("SqliteShop", "Initial");
        await project.Build();
    }

    /// <summary>Types a command of `dotnet ef` for one of the contexts.</summary>
    public async Task<Answer> Ef(string shop, string command, string database = "", params string[] options)
    {
        await using var process = ChildProcess.Start(
            Requires.Program("dotnet", "dotnet-sdk-10.0"),
            [
                "ef",
                .. command.Split(' '),
                "--no-build",
                "--context",
                shop,
                .. options,
                "--",
                "--shop",
                shop,
                "--database",
                database,
            ],
            folder: project!.Folder
        );
        await process.Exited.WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
        return new Answer(process.ExitCode, process.Dump());
    }

    public async Task Update(string shop, string database, string migration = "")
    {
        var answer = await Ef(shop, $"database update {migration}".TrimEnd(), database);
        Assert.True(answer.ExitCode == 0, answer.Text);
    }

    /// <summary>Runs the application until it has placed an order and drained the outbox.</summary>
    public ChildProcess Run(string shop, string database, string redis) =>
        project!.Start(
            new Dictionary<string, string>(StringComparer.Ordinal),
            "--shop",
            shop,
            "--database",
            database,
            "--redis",
            redis
        );

    /// <summary>The source of a migration.</summary>
    public string Migration(string shop, string name) =>
        File.ReadAllText(
            Assert.Single(Directory.GetFiles(Path.Combine(project!.Folder, "Migrations", $"Of{shop}"), $"*_{name}.cs"))
        );

    public ValueTask DisposeAsync() => project?.DisposeAsync() ?? ValueTask.CompletedTask;

    async Task AddMigration(string shop, string name)
    {
        var answer = await Ef(shop, $"migrations add {name}", "", "--output-dir", $"Migrations/Of{shop}");
        Assert.True(answer.ExitCode == 0, answer.Text);
    }

    /// <summary>What a command returned and wrote.</summary>
    public sealed record Answer(int ExitCode, string Text);
}
