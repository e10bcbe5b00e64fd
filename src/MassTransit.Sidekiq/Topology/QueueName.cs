using System.Buffers;

namespace MassTransit.Sidekiq;

// The queue names that Sidekiq's Web UI can open: a queue with another name works, but cannot be viewed.
internal static class QueueName
{
    static readonly SearchValues<char> allowed = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:"
    );

    public static bool IsValid(string name) => Fault(name, "") is null;

    // The fault of a name, with the remedy; null if it is valid.
    public static string? Fault(string name, string remedy)
    {
        if (name.Length == 0)
        {
            return $"A queue name is empty. {remedy}";
        }

        // As the last part of a path, which browsers and addresses resolve.
        if (name is "." or "..")
        {
            return $"Queue name '{name}' is a relative path segment in a URL. {remedy}";
        }

        var index = name.AsSpan().IndexOfAnyExcept(allowed);
        if (index < 0)
        {
            return null;
        }

        var culprit =
            name[index] == ' ' ? "a space"
            : char.IsControl(name[index]) || char.IsSurrogate(name[index]) ? $"U+{(int)name[index]:X4}"
            : $"'{name[index]}'";
        return $"Queue name '{name}' contains {culprit}. "
            + $"Sidekiq's Web UI can open only queues made of letters, digits, '-', '_', '.' and ':'. {remedy}";
    }
}
