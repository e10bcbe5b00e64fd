namespace MassTransit.Sidekiq;

// The databases that the tool can look into, as --provider names them.
internal enum OutboxProvider
{
    Postgres,
    Sqlite,
    MySql,
}
