using System.Buffers.Text;
using System.Text;

namespace MassTransit.Sidekiq;

// One claim of an endpoint: what it has finished, and how much it wants.
internal sealed record ClaimRequest
{
    public required IReadOnlyList<string> Queues { get; init; }

    // The order of the queues, as positions in Queues: strict as configured, or shuffled by weight. Each position once.
    public required ReadOnlyMemory<int> Order { get; init; }

    // How many jobs at most: the free slots. 0 only acknowledges.
    public required int Count { get; init; }

    // From ClaimStore.Reserve(Count). After a claim that threw, jobs may be in the hash under these numbers without this
    // process's knowledge: requeue the whole range.
    public required long FirstNumber { get; init; }

    // The numbers of finished jobs, by position in Queues. Acknowledging twice is harmless but counts as stale.
    public required IReadOnlyList<IReadOnlyList<long>> Acknowledged { get; init; }

    // Whether to skip queues that the Web UI paused. Costs one command inside the claim.
    public bool HonourPaused { get; init; } = true;
}

// `Queue` is a position in the request's Queues.
internal readonly record struct ClaimedJob(int Queue, long Number, byte[] Json);

// What a claim found.
internal sealed record ClaimedJobs
{
    public required IReadOnlyList<ClaimedJob> Jobs { get; init; }

    // Whether the queues had no more than this: fewer came than were wanted, and not because of their size.
    public bool HasEmptied { get; init; }

    // Acknowledgements whose claim was gone: a rescuer took this process for dead, and those jobs run again.
    public int Stale { get; init; }

    // The acknowledgements were accepted, but nothing was claimed, since a rescuer would take it at once: renew the
    // lease before the next claim, and do not wait for jobs meanwhile.
    public bool IsLeaseLost { get; init; }

    // Positions of paused queues. A wait on one of them would land a job that no claim takes: skip them.
    public IReadOnlyList<int> Paused { get; init; } = [];

    // The answer of claim.lua. `mostBytes`: after which it takes no more.
    public static ClaimedJobs Read(ClaimRequest request, byte[][] reply, int mostBytes)
    {
        ReadOnlySpan<byte> rest = reply[0];
        if (rest.StartsWith("gone "u8))
        {
            rest = rest["gone ".Length..];
            return new ClaimedJobs
            {
                Jobs = [],
                Stale = (int)Number(ref rest),
                IsLeaseLost = true,
            };
        }

        var stale = (int)Number(ref rest);
        var jobs = reply.Length == 1 ? [] : new ClaimedJob[reply.Length - 1];
        var (next, bytes) = (0, 0L);
        List<int>? paused = null;
        while (rest.Length > 0)
        {
            var queue = request.Order.Span[(int)Number(ref rest)];
            var count = Number(ref rest);
            if (count < 0)
            {
                (paused ??= []).Add(queue);
            }

            for (; count > 0; count--, next++)
            {
                jobs[next] = new ClaimedJob(queue, request.FirstNumber + next, reply[next + 1]);
                bytes += reply[next + 1].Length;
            }
        }

        return new ClaimedJobs
        {
            Jobs = jobs,
            HasEmptied = jobs.Length < request.Count && bytes < mostBytes,
            Stale = stale,
            Paused = paused ?? [],
        };
    }

    // The numbers of a header such as "0 0:100 1:-1 3:28", one by one.
    static long Number(ref ReadOnlySpan<byte> rest)
    {
        if (!Utf8Parser.TryParse(rest, out long number, out var length))
        {
            throw new FormatException(
                $"A claim answered '{Encoding.UTF8.GetString(rest)}' where a number was expected."
            );
        }

        rest = rest[Math.Min(length + 1, rest.Length)..];
        return number;
    }
}

// One claim of one job by this process: its field in the working hash of its queue. Two jobs may be equal byte for byte,
// so every settlement takes the delivery, never the JSON. Numbers grow and are never reused by a process.
internal readonly record struct Delivery(string Queue, long Number);
