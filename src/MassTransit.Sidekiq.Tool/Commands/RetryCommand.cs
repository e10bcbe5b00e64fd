namespace MassTransit.Sidekiq;

internal sealed class RetryCommand()
    : ChangeCommand(
        "retry",
        "Moves jobs of a set to their queues now. As in the Web UI, it does not count as a retry.",
        "retried"
    )
{
    protected override Task<bool> Change(JobPlace place, SidekiqEntry entry, CancellationToken token) =>
        place.Set!.Retry(entry, token);

    protected override Task<long> ChangeAll(JobPlace place, Func<SidekiqEntry, bool> which, CancellationToken token) =>
        place.Set!.RetryAll(which, token);
}
