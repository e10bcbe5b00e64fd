namespace MassTransit.Sidekiq;

// One claim of an endpoint: what it has finished, and how much it wants.
internal sealed record ClaimRequest
{
    public required IReadOnlyList<string> Queues { get; init; }

    // The order to look in, as positions in Queues: strict as given, or shuffled by weight. Each position once.
    public required ReadOnlyMemory<int> Order { get; init; }

    // How many jobs at most: the free slots. 0 only acknowledges.
    public required int Count { get; init; }

    // From ClaimStore.Reserve(Count). After a claim that threw, jobs may be in the hash under these numbers, and nobody
    // knows of them: requeue the whole range.
    public required long FirstNumber { get; init; }

    // The numbers of finished jobs, by position in Queues. Acknowledging twice does no harm but counts as stale.
    public required IReadOnlyList<IReadOnlyList<long>> Acknowledged { get; init; }

    // Whether to leave out queues that the Web UI paused. Costs one command inside the claim.
    public bool HonourPaused { get; init; } = true;
}

// `Queue` is a position in the request's Queues.
internal readonly record struct ClaimedJob(int Queue, long Number, byte[] Json);

// What a claim found.
internal sealed record ClaimedJobs
{
    public required IReadOnlyList<ClaimedJob> Jobs { get; init; }

    // Whether the queues had no more than this: fewer came than were wanted, and not for their size.
    public bool HasEmptied { get; init; }

    // Acknowledgements whose claim was gone: a rescuer took this process for dead, and those jobs run again.
    public int Stale { get; init; }

    // The acknowledgements were taken, but nothing was claimed, since others would take it away at once: renew the
    // lease before the next claim, and do not wait for jobs meanwhile.
    public bool IsLeaseLost { get; init; }

    // Positions of paused queues. A wait on one of them would land a job that no claim takes: leave them out.
    public IReadOnlyList<int> Paused { get; init; } = [];
}
