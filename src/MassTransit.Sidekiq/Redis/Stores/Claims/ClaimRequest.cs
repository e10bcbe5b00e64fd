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
}

// One claim of one job by this process: its field in the working hash of its queue. Two jobs may be equal byte for byte,
// so every settlement takes the delivery, never the JSON. Numbers grow and are never reused by a process.
internal readonly record struct Delivery(string Queue, long Number);
