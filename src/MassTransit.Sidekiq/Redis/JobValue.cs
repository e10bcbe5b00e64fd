using System.Globalization;
using System.Runtime.InteropServices;
using StackExchange.Redis;

namespace MassTransit.Sidekiq;

// A job as an argument of a step.
internal static class JobValue
{
    // A token outlives its job by a day, so that a late cancellation finds that the job is gone.
    static readonly TimeSpan tokenAfterlife = TimeSpan.FromDays(1);

    // Without a copy where the memory is a whole array, as a job just written is.
    public static RedisValue Of(ReadOnlyMemory<byte> json) =>
        MemoryMarshal.TryGetArray(json, out var segment) && segment.Count == segment.Array!.Length
            ? segment.Array
            : json.ToArray();

    public static RedisValue TokenEnd(DateTimeOffset due) =>
        (due + tokenAfterlife).ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
}
