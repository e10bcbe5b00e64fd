using System.Security.Cryptography;

namespace MassTransit.Sidekiq;

// The id of a batch: part of keys in Redis and of addresses in a dashboard.
internal static class BatchId
{
    const int Longest = 64;

    public static string New() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12));

    public static string Require(string bid) =>
        bid.Length is > 0 and <= Longest && bid.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_')
            ? bid
            : throw new ArgumentException(
                $"'{bid}' cannot be the id of a batch. Use 1 to {Longest} letters, digits, '-' and '_'.",
                nameof(bid)
            );
}
