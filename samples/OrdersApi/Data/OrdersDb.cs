using MassTransit;
using Microsoft.EntityFrameworkCore;

namespace OrdersApi;

// Orders, the saga's states, the stock, and the staged messages.
public sealed class OrdersDb(DbContextOptions<OrdersDb> options) : DbContext(options)
{
    public DbSet<Order> Orders => Set<Order>();

    public DbSet<OrderState> OrderStates => Set<OrderState>();

    public DbSet<StockItem> Stock => Set<StockItem>();

    // SQLite in a file, or PostgreSQL, depending on the connection string.
    public static void Configure(DbContextOptionsBuilder options, IConfiguration configuration)
    {
        var connectionString =
            configuration.GetConnectionString("Orders")
            ?? throw new InvalidOperationException(
                "There is no connection string 'Orders'. Set ConnectionStrings:Orders, for instance to Data Source=orders.db."
            );
        if (connectionString.Contains("Host=", StringComparison.OrdinalIgnoreCase))
        {
            options.UseNpgsql(connectionString);
        }
        else
        {
            options.UseSqlite(connectionString);
        }
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Order>().HasIndex(order => order.Reference).IsUnique();

        // Two concurrent messages for one order: the second to commit fails, and is retried on the result of the first.
        modelBuilder.Entity<OrderState>().HasKey(state => state.CorrelationId);
        modelBuilder.Entity<OrderState>().Property(state => state.Version).IsConcurrencyToken();

        modelBuilder.Entity<StockItem>().HasKey(stock => stock.Item);
        modelBuilder.Entity<StockItem>().HasData(new StockItem { Item = "tea", Available = 1000 });

        modelBuilder.AddSidekiqOutbox();
    }
}

public sealed class Order
{
    public Guid Id { get; set; }

    // The customer's own order number, which makes submitting idempotent.
    public string? Reference { get; set; }

    public string Customer { get; set; } = "";

    public string Item { get; set; } = "";

    public decimal Total { get; set; }

    public string Currency { get; set; } = "";

    public bool IsReserved { get; set; }
}

public sealed class StockItem
{
    public string Item { get; set; } = "";

    public int Available { get; set; }
}
