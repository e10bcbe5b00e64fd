namespace MassTransit.Sidekiq;

// Moves waiting jobs to another queue. Only what a step removes does it push, so that a job that a worker has taken meanwhile
// does not run twice.
internal sealed class QueueMover(InspectionStore store)
{
    const int PageSize = 100;

    public async Task<bool> One(string queue, SidekiqEntry job, string other)
    {
        Require(other, queue);
        return Moved(await store.MoveOne(queue, other, job.Json, Renamed(job.Json, other)).ConfigureAwait(false), other)
            == 1;
    }

    // Up to the job that is the last of the queue now: those pushed meanwhile stay.
    public async Task<long> All(string queue, string other, CancellationToken cancellationToken)
    {
        Require(other, queue);
        var (left, last) = await store.End(queue).WaitAsync(cancellationToken).ConfigureAwait(false);
        var moved = 0L;
        while (left > 0)
        {
            var page = await store
                .Jobs(queue, 0, (int)Math.Min(left, PageSize))
                .WaitAsync(cancellationToken)
                .ConfigureAwait(false);
            var jobs = UpTo(last, page);
            if (jobs.Count > 0)
            {
                moved += await Step(queue, other, jobs, cancellationToken).ConfigureAwait(false);
            }

            // Workers take jobs too: then the last one comes before so many were moved.
            left = page.Count == 0 || jobs.Count < page.Count || IsLast(jobs[^1], last) ? 0 : left - page.Count;
        }

        return moved;
    }

    // A name that jobs may be moved to.
    public static string Require(string queue, string? from = null)
    {
        ArgumentNullException.ThrowIfNull(queue);
        if (QueueName.Fault(queue, "Name another queue.") is { } fault)
        {
            throw new ArgumentException(fault, nameof(queue));
        }

        return queue == from
            ? throw new ArgumentException(
                $"The jobs are in queue '{queue}' already. Name another queue.",
                nameof(queue)
            )
            : queue;
    }

    // What a script answered, which refuses a temporary queue, and in a set a job that would be equal to another.
    public static long Moved(long count, string queue) =>
        count >= 0
            ? count
            : throw new ArgumentException(
                count == -1
                    ? $"Queue '{queue}' is temporary: it ends with its process, and its jobs with it. Name another queue."
                    : $"The set already has an equal job for queue '{queue}', and cannot hold it twice. Run one of the two now, or delete it.",
                nameof(queue)
            );

    async Task<long> Step(string queue, string other, IReadOnlyList<byte[]> jobs, CancellationToken cancellationToken)
    {
        var count = await store
            .MoveNext(queue, other, [.. jobs.Select(job => (job, Renamed(job, other)))])
            .WaitAsync(cancellationToken)
            .ConfigureAwait(false);

        return Moved(count, other);
    }

    // An entry that cannot be parsed is moved unchanged.
    static ReadOnlyMemory<byte> Renamed(byte[] json, string queue) =>
        SidekiqJob.TryParse(json) is { } job ? new JobChange(queue).Apply(job) : json;

    static IReadOnlyList<byte[]> UpTo(byte[]? last, IReadOnlyList<byte[]> page)
    {
        var end = page.TakeWhile(job => !IsLast(job, last)).Count();
        return end < page.Count ? [.. page.Take(end + 1)] : page;
    }

    static bool IsLast(byte[] job, byte[]? last) => last is not null && job.AsSpan().SequenceEqual(last);
}
