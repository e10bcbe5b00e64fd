using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq.Outbox.Tests;

// The business table that messages are staged beside.
public sealed class Order
{
    public Guid Id { get; set; }

    public string Customer { get; set; } = "";
}

public class OrdersDb(DbContextOptions<OrdersDb> options) : DbContext(options)
{
    public DbSet<Order> Orders => Set<Order>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<CountedSaga>().ToTable("CountedSaga").HasKey(saga => saga.CorrelationId);
        modelBuilder.Entity<CountedSaga>().Property(saga => saga.Version).IsConcurrencyToken();
        modelBuilder
            .Entity<LooseSaga>()
            .HasBaseType((Type?)null)
            .ToTable("LooseSaga")
            .HasKey(saga => saga.CorrelationId);

        modelBuilder.AddSidekiqOutbox();
    }
}
