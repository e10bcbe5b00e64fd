using System.Buffers;

namespace MassTransit.Sidekiq;

// What Sidekiq's Web UI can open: a queue of another name works, but nobody can look into it.
internal static class QueueName
{
    static readonly SearchValues<char> allowed = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:"
    );

    public static bool IsValid(string name) => name.Length > 0 && !name.AsSpan().ContainsAnyExcept(allowed);

    // What is wrong with a name, and the way out; null for a good one.
    public static string? Fault(string name, string remedy)
    {
        if (name.Length == 0)
        {
            return $"A queue name is empty. {remedy}";
        }

        var index = name.AsSpan().IndexOfAnyExcept(allowed);
        if (index < 0)
        {
            return null;
        }

        var culprit = name[index] == ' ' ? "a space" : $"'{name[index]}'";
        return $"Queue name '{name}' contains {culprit}. "
            + $"Sidekiq's Web UI can open only queues made of letters, digits, '-', '_', '.' and ':'. {remedy}";
    }
}
