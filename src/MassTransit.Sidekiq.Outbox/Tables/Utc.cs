namespace MassTransit.Sidekiq;

// Times of rows: SQLite and MySQL give them back without saying that they are UTC.
internal static class Utc
{
    public static DateTimeOffset Of(DateTime time) => new(DateTime.SpecifyKind(time, DateTimeKind.Utc));
}
