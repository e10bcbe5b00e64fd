namespace MassTransit.Sidekiq;

// What the tool returns to a shell; docs/tool.md names them.
internal static class ExitCode
{
    // Done, and nothing is wrong.
    public const int Fine = 0;

    // The doctor has found a problem, or what was asked for does not exist.
    public const int Problems = 1;

    // Not done: wrong usage, or Redis or the database does not answer or refuses.
    public const int Cannot = 2;
}
