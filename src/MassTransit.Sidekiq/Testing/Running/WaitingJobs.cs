using MassTransit.Testing;

namespace MassTransit.Sidekiq;

// Where the jobs of a harness wait, and how they are taken from there: in memory, or in Redis.
internal abstract class WaitingJobs
{
    // Topics that were published to without a subscriber, as far as that is known.
    public virtual IReadOnlyList<string> Unheard => [];

    public abstract Task<IReadOnlyList<SidekiqTestJob>> All();

    // Runs the next job of a queue of this endpoint; null when none waits.
    public abstract Task<SidekiqRun?> RunNext(TestEndpoint endpoint, string queue);

    // Moves the jobs of a set that are due to their queues, and returns these.
    public abstract Task<IReadOnlyList<string>> MoveDue(DueSet set, DateTimeOffset? dueBy, BusRuntime runtime);

    public abstract Task Clear();
}
