using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq.OutboxWorker;

/// <summary>One unit of work: sent when its transaction commits, done when a consumer has its effect.</summary>
public sealed record Work(Guid Id, int Step);

/// <summary>A row beside the message: the truth about what was committed.</summary>
public sealed class Sent
{
    /// <summary>The work's id.</summary>
    public Guid Id { get; set; }
}

/// <summary>The effect of a consumer; a second one for the same work is a second row.</summary>
public sealed class Done
{
    /// <summary>The row's own number.</summary>
    public long Number { get; set; }

    /// <summary>The work's id.</summary>
    public Guid Id { get; set; }
}

/// <summary>The database of the application that is killed.</summary>
public sealed class WorkDb(DbContextOptions<WorkDb> options) : DbContext(options)
{
    /// <inheritdoc />
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Sent>().HasKey(row => row.Id);
        modelBuilder.Entity<Done>().HasKey(row => row.Number);
        modelBuilder.AddSidekiqOutbox();
    }
}

sealed class WorkConsumer(WorkDb db) : IConsumer<Work>
{
    public Task Consume(ConsumeContext<Work> context)
    {
        db.Add(new Done { Id = context.Message.Id });
        return Task.CompletedTask;
    }
}
