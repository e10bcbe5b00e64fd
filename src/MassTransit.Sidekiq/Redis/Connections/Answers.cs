using StackExchange.Redis;

namespace MassTransit.Sidekiq;

internal static class Answers
{
    // A key of another type counts as empty, and must not hide the others.
    public static async Task<T> OrNothing<T>(Task<T> question, T nothing)
    {
        try
        {
            return await question.ConfigureAwait(false);
        }
        catch (RedisServerException exception) when (RedisErrors.IsWrongType(exception.Message))
        {
            return nothing;
        }
    }
}

internal static class Globs
{
    // A Redis pattern that matches exactly this string.
    public static string Escape(string text) =>
        string.Concat(text.Select(letter => letter is '*' or '?' or '[' or ']' or '\\' ? $"\\{letter}" : $"{letter}"));
}
