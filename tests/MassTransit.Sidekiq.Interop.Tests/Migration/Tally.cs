using System.Collections.Concurrent;

namespace MassTransit.Sidekiq.Interop.Tests;

// How often each number of a migration was processed, whichever system it came by: once, if the migration is right.
public sealed class Tally
{
    readonly ConcurrentDictionary<int, int> times = [];

    public void Count(int number) => times.AddOrUpdate(number, 1, (_, before) => before + 1);

    // Waits until the numbers have been processed, and fails when one was so twice, or one that was not expected. 1..3 are 1, 2 and 3.
    public async Task Reaches(params Range[] ranges)
    {
        var expected = ranges
            .SelectMany(range => Enumerable.Range(range.Start.Value, range.End.Value - range.Start.Value + 1))
            .ToList();
        await Until(() => expected.TrueForAll(times.ContainsKey), () => Task.FromResult(Written()));
        Assert.Equal(string.Join(' ', expected.Select(number => $"{number}:1")), Written());
    }

    string Written() => string.Join(' ', times.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key}:{pair.Value}"));
}
