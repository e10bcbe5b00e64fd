using System.Globalization;

namespace MassTransit.Sidekiq;

// How near two names of classes are.
internal static class NearNames
{
    static readonly string[] endings = ["job", "worker"];

    // The smaller, the nearer; null when they have nothing in common.
    public static int? Rank(string one, string other)
    {
        var (whole, otherWhole) = (Letters(one), Letters(other));
        if (whole == otherWhole)
        {
            return 0;
        }

        var (last, otherLast) = (Letters(LastPart(one)), Letters(LastPart(other)));
        if (last == otherLast)
        {
            return 1;
        }

        var distance = Math.Min(Distance(whole, otherWhole), Distance(last, otherLast) + 1);
        return distance <= Tolerable(Math.Min(last.Length, otherLast.Length)) ? distance + 1 : null;
    }

    // Of short names, any two are a few letters apart.
    static int Tolerable(int length) =>
        length switch
        {
            < 4 => 0,
            < 8 => 1,
            < 16 => 2,
            _ => 3,
        };

    static string LastPart(string name) => name[(name.LastIndexOfAny([':', '.', '/', '+']) + 1)..];

    // Without what spellings differ in: case, separators, and the ending that Ruby's classes often have.
    static string Letters(string name)
    {
        var letters = string.Concat(name.Where(char.IsLetterOrDigit)).ToLower(CultureInfo.InvariantCulture);
        var ending = Array.Find(
            endings,
            end => letters.Length > end.Length && letters.EndsWith(end, StringComparison.Ordinal)
        );
        return letters[..^(ending?.Length ?? 0)];
    }

    // How many letters are added, removed or replaced between the two (Levenshtein).
    static int Distance(string one, string other)
    {
        var before = Enumerable.Range(0, other.Length + 1).ToArray();
        var now = new int[other.Length + 1];
        for (var i = 0; i < one.Length; i++)
        {
            now[0] = i + 1;
            for (var j = 0; j < other.Length; j++)
            {
                var replaced = before[j] + (one[i] == other[j] ? 0 : 1);
                now[j + 1] = Math.Min(replaced, Math.Min(before[j + 1], now[j]) + 1);
            }

            (before, now) = (now, before);
        }

        return before[^1];
    }
}
