using Microsoft.EntityFrameworkCore;

namespace MassTransit.Sidekiq;

// Counts that go no further than `most`, each through an index: their cost does not grow with the tables.
internal static class OutboxGlance
{
    public static IQueryable<OutboxMessage> Pending(DbContext context) =>
        context.Set<OutboxMessage>().Where(message => message.OutboxId != null);

    public static Task<int> Count<T>(IQueryable<T> rows, int most, CancellationToken cancellationToken) =>
        rows.Take(most).CountAsync(cancellationToken);

    public static async Task<TimeSpan> OldestAge(
        DbContext context,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var oldest = await context
            .Set<OutboxState>()
            .OrderBy(row => row.Created)
            .Select(row => (DateTime?)row.Created)
            .FirstOrDefaultAsync(cancellationToken)
            .ConfigureAwait(false);
        var age = oldest is { } created ? now - Utc.Of(created) : TimeSpan.Zero;

        return age > TimeSpan.Zero ? age : TimeSpan.Zero;
    }

    // A range, and not "is not null": in an ordered index nulls may come first, and dead jobs may be many.
    public static IQueryable<OutboxLedger> Open(DbContext context) =>
        context.Set<OutboxLedger>().Where(row => row.NextLook > DateTime.UnixEpoch).OrderBy(row => row.NextLook);

    // Nobody looks for a dead job, and NextLook has an index, which DiedAt has not.
    public static IQueryable<OutboxLedger> Dead(DbContext context) =>
        context.Set<OutboxLedger>().Where(row => row.NextLook == null);

    public static async Task<SidekiqOutboxAges> Ages(
        IQueryable<OutboxLedger> jobs,
        int most,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var sent = await jobs.Take(most).Select(row => row.SentAt).ToListAsync(cancellationToken).ConfigureAwait(false);
        var (hour, day) = ((now - TimeSpan.FromHours(1)).UtcDateTime, (now - TimeSpan.FromDays(1)).UtcDateTime);
        var (lastHour, lastDay) = (sent.Count(time => time >= hour), sent.Count(time => time >= day));

        return new SidekiqOutboxAges(lastHour, lastDay - lastHour, sent.Count - lastDay);
    }
}
