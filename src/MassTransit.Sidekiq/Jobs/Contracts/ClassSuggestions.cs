using System.Collections.Concurrent;

namespace MassTransit.Sidekiq;

/// <summary>
/// What a job class that its endpoint does not take may have been meant for, among the classes that the endpoints of a bus take.
/// 1. A class that another endpoint takes is only on the wrong queue.
/// 2. Near are, in this order: the same name in another spelling (`shop/order_paid`, `Shop.OrderPaid`) or with Ruby's ending
///    (`OrderPaidJob`); the same name in another namespace; a name with a few letters of difference.
/// Asked only when a job fails.
/// </summary>
internal sealed class ClassSuggestions
{
    const int Most = 3;

    // The letters to compare grow with the square of it, and a job's class is chosen by its sender.
    const int LongestClass = 200;

    readonly ConcurrentDictionary<string, JobClassMap> endpoints = new(StringComparer.Ordinal);

    // `classes` are complete by now.
    public void Add(string queue, JobClassMap classes) => endpoints[queue] = classes;

    // For the end of an error: a sentence and a space, or "".
    public string For(string? jobClass, string queue)
    {
        if (jobClass is not { Length: > 0 and <= LongestClass })
        {
            return "";
        }

        var elsewhere = endpoints
            .Where(other => other.Key != queue)
            .OrderBy(other => other.Key, StringComparer.Ordinal);
        if (elsewhere.FirstOrDefault(other => other.Value.TryGet(jobClass, out _)) is { Key: { } taker })
        {
            return $"It is consumed on queue '{taker}': push it there. ";
        }

        var own = endpoints.TryGetValue(queue, out var classes) ? classes.Classes : [];
        var near = own.Select(name => (Class: name, Queue: ""))
            .Concat(elsewhere.SelectMany(other => other.Value.Classes.Select(name => (Class: name, Queue: other.Key))))
            .DistinctBy(known => known.Class, StringComparer.Ordinal)
            .Select(known => (Rank: NearNames.Rank(jobClass, known.Class), known.Class, known.Queue))
            .Where(known => known.Rank is not null)
            .OrderBy(known => known.Rank)
            .Take(Most)
            .Select(known => known.Queue == "" ? $"'{known.Class}'" : $"'{known.Class}' (on queue '{known.Queue}')")
            .ToList();

        return near.Count == 0 ? "" : $"Did you mean {string.Join(" or ", near)}? ";
    }
}
