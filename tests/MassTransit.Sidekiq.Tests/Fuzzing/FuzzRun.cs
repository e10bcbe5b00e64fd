using System.Diagnostics;
using System.Globalization;

namespace MassTransit.Sidekiq.Tests.Fuzzing;

/// <summary>
/// How long a fuzz test goes on, and from which seed. A run has the same inputs each time; SIDEKIQ_FUZZ_SEED=7 gives others, and
/// SIDEKIQ_FUZZ_MINUTES=10 goes on for ten minutes, with a new seed for each round.
/// </summary>
sealed class FuzzRun
{
    const int DefaultSeed = 20_261;

    static readonly string? seed = Environment.GetEnvironmentVariable("SIDEKIQ_FUZZ_SEED");
    static readonly string? minutes = Environment.GetEnvironmentVariable("SIDEKIQ_FUZZ_MINUTES");

    /// <summary>The seeds of the rounds, one after another.</summary>
    public static IEnumerable<int> Seeds()
    {
        var first = seed is null ? DefaultSeed : int.Parse(seed, CultureInfo.InvariantCulture);
        var limit = TimeSpan.FromMinutes(minutes is null ? 0 : double.Parse(minutes, CultureInfo.InvariantCulture));
        var started = Stopwatch.GetTimestamp();
        do
        {
            yield return first++;
        } while (Stopwatch.GetElapsedTime(started) < limit);
    }
}
