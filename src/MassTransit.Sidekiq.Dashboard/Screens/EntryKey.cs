using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace MassTransit.Sidekiq;

// What an entry of a set is called in a link: its time, by which it is found without a search, and a hash of it, by which it is
// told from others of that time.
internal sealed record EntryKey(long Milliseconds, string Hash)
{
    // As many as may share a time before one of them is not found.
    const int MostOfOneTime = 5000;

    static readonly long earliest = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    static readonly long latest = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    public static string Of(SidekiqEntry entry) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(entry.At ?? DateTimeOffset.UnixEpoch).ToUnixTimeMilliseconds()}-{HashOf(entry)}"
        );

    // Null for what is not a key: a time that no entry has would lead a reader through the whole set.
    public static EntryKey? Parse(string key)
    {
        var dash = key.LastIndexOf('-');
        return
            dash > 0
            && long.TryParse(key.AsSpan(0, dash), CultureInfo.InvariantCulture, out var milliseconds)
            && milliseconds >= earliest
            && milliseconds <= latest
            ? new EntryKey(milliseconds, key[(dash + 1)..])
            : null;
    }

    public async Task<SidekiqEntry?> Find(ISidekiqJobSet set, CancellationToken cancellationToken)
    {
        var (from, seen) = (DateTimeOffset.FromUnixTimeMilliseconds(Milliseconds), 0);
        await foreach (var entry in set.Entries(from, newestFirst: false, cancellationToken).ConfigureAwait(false))
        {
            if (entry.At?.ToUnixTimeMilliseconds() > Milliseconds || ++seen > MostOfOneTime)
            {
                return null;
            }

            if (HashOf(entry) == Hash)
            {
                return entry;
            }
        }

        return null;
    }

    static string HashOf(SidekiqEntry entry) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(entry.Text)).AsSpan(0, 8));
}
