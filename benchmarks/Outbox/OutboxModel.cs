using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq.Benchmarks;

// The business rows that messages are staged with.
public sealed class BenchOrder
{
    public Guid Id { get; set; }

    public string Customer { get; set; } = "";

    public ICollection<BenchLine> Lines { get; } = [];

    public static BenchOrder Of(int lines)
    {
        var order = new BenchOrder { Id = Guid.NewGuid(), Customer = "Ada" };
        for (var line = 0; line < lines; line++)
        {
            order.Lines.Add(new BenchLine { Article = "Keyboard", Quantity = line });
        }

        return order;
    }
}

public sealed class BenchLine
{
    public long Id { get; set; }

    public string Article { get; set; } = "";

    public int Quantity { get; set; }
}

public sealed class BenchDb(DbContextOptions<BenchDb> options) : DbContext(options)
{
    public DbSet<BenchOrder> Orders => Set<BenchOrder>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddSidekiqOutbox();
}

public sealed record CommittedJob(int Number);

// When each message was committed, and when it was consumed.
internal sealed class Committed
{
    readonly ConcurrentDictionary<int, long> committed = new();
    readonly ConcurrentDictionary<int, long> consumed = new();

    public void At(int number) => committed[number] = Stopwatch.GetTimestamp();

    public void Consumed(int number) => consumed[number] = Stopwatch.GetTimestamp();

    public Task Seen(int count) => Lab.Until(() => consumed.Count >= count);

    // In milliseconds; none for a message that was consumed before SaveChanges returned.
    public IEnumerable<double> Latencies(int first) =>
        consumed
            .Where(job => job.Key >= first)
            .Select(job => Math.Max(0, Stopwatch.GetElapsedTime(committed[job.Key], job.Value).TotalMilliseconds));
}

internal sealed class CommittedConsumer(Committed committed) : IConsumer<CommittedJob>
{
    public Task Consume(ConsumeContext<CommittedJob> context)
    {
        committed.Consumed(context.Message.Number);
        return Task.CompletedTask;
    }
}
