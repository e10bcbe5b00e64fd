namespace MassTransit.Sidekiq;

// Times of rows: SQLite and MySQL return them without marking them as UTC.
internal static class Utc
{
    public static DateTimeOffset Of(DateTime time) => new(DateTime.SpecifyKind(time, DateTimeKind.Utc));
}
